import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { check, checkReport } from '../../policy/check';
import type { Rule } from '../../policy/rule';
import { weightSingle } from '../../policy/rules/weight-single';
import { weightSum100 } from '../../policy/rules/weight-sum-100';
import { objects } from './judge';

const virtualService = (name: string, weights: number[], annotations = '{}'): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: shop, annotations: ${annotations} }
spec:
  hosts: [${name}]
  http:
    - route: [${weights.map((weight, index) => `{ destination: { host: ${name}, subset: v${index} }, weight: ${weight} }`).join(', ')}]
`;

const only = (...rules: Rule[]) => ({ rules });

describe('a check', () => {
  it('lists findings by namespace, kind, name and path, in any order of the objects', () => {
    const given = objects(
      [virtualService('b', [60, 60]), virtualService('a', [1, 2]), virtualService('a', [1, 2])].join('---'),
    );
    const names = checkReport(given, {}, only(weightSum100)).findings.map(({ name }) => name);
    assert.deepEqual(names, ['a', 'b']);
    assert.deepEqual(
      checkReport([...given].reverse(), {}, only(weightSum100)),
      checkReport(given, {}, only(weightSum100)),
    );
  });

  it('orders indexes by number', () => {
    const [object] = objects(virtualService('a', [100]));
    assert.ok(object);
    const route = [{ destination: { host: 'a' }, weight: 50 }];
    object.spec = { ...object.spec, http: Array.from({ length: 11 }, () => ({ route })) };
    const paths = checkReport([object], {}, only(weightSingle)).findings.map(({ path }) => path);
    assert.deepEqual(paths.slice(-2), ['spec.http[9].route[0].weight', 'spec.http[10].route[0].weight']);
  });

  it('prefers the levels of the options to those of a rule and of its violation', () => {
    const given = objects(virtualService('a', [0]));
    const levels = (['mandatory', 'advisory', 'off'] as const).map((level) =>
      checkReport(given, { rules: { 'weight-single': level } }, only(weightSingle)).findings.map(
        (finding) => finding.level,
      ),
    );
    assert.deepEqual(levels, [['mandatory'], ['advisory'], []]);
  });

  it('reports a level for an unknown rule, and an invalid level', () => {
    const rules = { 'weigth-single': 'off', 'weight-single': 'on' } as never;
    assert.deepEqual(
      check([], { rules }).map(({ kind, path, level, message }) => `${level} ${kind} ${path}: ${message}`),
      [
        'mandatory CheckOptions rules.weight-single: "on" is not a level; allowed are mandatory, advisory, off',
        'mandatory CheckOptions rules.weigth-single: there is no rule "weigth-single"; did you mean "weight-single"?',
      ],
    );
  });

  it('reports a rule that crashes, and runs the others', () => {
    const broken: Rule = {
      ...weightSingle,
      id: 'broken',
      check: () => {
        throw new Error('no such thing');
      },
    };
    const { findings } = checkReport(objects(virtualService('a', [60, 60])), {}, only(broken, weightSum100));
    assert.deepEqual(
      findings.map(({ rule, level, name }) => [rule, level, name]),
      [
        ['rule-failed', 'mandatory', 'broken'],
        ['weight-sum-100', 'mandatory', 'a'],
      ],
    );
  });

  it('leaves out what is not a Kubernetes object', () => {
    const strange = [null, 7, 'text', [], {}, { apiVersion: 'v1', kind: 'Pod' }] as unknown as KubernetesObject[];
    assert.deepEqual(check(strange), []);
  });
});

describe('a waiver', () => {
  it('excuses one object from one rule, and is listed with its reason', () => {
    const annotated = virtualService('a', [60, 60], '{ policy.meshwright.io/waive.weight-sum-100: " legacy client " }');
    const report = checkReport(objects([annotated, virtualService('b', [60, 60])].join('---')), {}, only(weightSum100));
    assert.deepEqual(
      report.findings.map(({ name }) => name),
      ['b'],
    );
    assert.deepEqual(
      report.waived.map(({ name, rule, reason }) => ({ name, rule, reason })),
      [{ name: 'a', rule: 'weight-sum-100', reason: 'legacy client' }],
    );
  });

  it('needs a reason, and an existing rule', () => {
    const annotations =
      '{ policy.meshwright.io/waive.weight-sum-100: " ", policy.meshwright.io/waive.nothing: because }';
    const report = checkReport(objects(virtualService('a', [60, 60], annotations)), {}, only(weightSum100));
    assert.deepEqual(report.waived, []);
    assert.deepEqual(
      report.findings.map(({ rule, level, path }) => `${level} ${rule} ${path}`),
      [
        'mandatory waiver metadata.annotations["policy.meshwright.io/waive.nothing"]',
        'mandatory waiver metadata.annotations["policy.meshwright.io/waive.weight-sum-100"]',
        'mandatory weight-sum-100 spec.http[0].route',
      ],
    );
  });
});

describe('an unknown value', () => {
  it('drops findings that depend on it, and reports it: as mandatory for a weight', () => {
    const given = objects([virtualService('a', [60, 60]), virtualService('b', [60, 60])].join('---'));
    const [a, b] = given;
    assert.ok(a && b);
    const unknowns = new Map([
      [a, ['spec.http[0].route[1].weight']],
      [b, ['spec.http[0].timeout']],
    ]);
    const report = checkReport(given, {}, { ...only(weightSum100), unknowns });
    assert.deepEqual(
      report.findings.map(({ name, rule }) => `${name} ${rule}`),
      ['b weight-sum-100'],
    );
    assert.deepEqual(
      report.undetermined.map(({ name, level, path }) => `${name} ${level} ${path}`),
      ['a mandatory spec.http[0].route[1].weight', 'b advisory spec.http[0].timeout'],
    );
  });
});
