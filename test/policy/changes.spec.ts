import assert from 'node:assert/strict';
import fc from 'fast-check';
import { objectKey } from '../../mesh/manifests/kubernetes';
import { changeProblems } from '../../policy/check';
import { resourceRules } from '../../policy/rules';
import { damaged, written } from './damaged';
import { destinationRule, finding, subsets, to, virtualService } from './mesh-objects';
import { weightStepLimit } from '../../policy/rules/weight-step-limit';
import { resource } from './pulumi';

const split = (v1: number, v2: number, annotations = {}) =>
  virtualService(
    'reviews',
    { hosts: ['reviews'], http: [{ route: [to('reviews', 'v1', v1), to('reviews', 'v2', v2)] }] },
    { annotations },
  );
const rule = (...names: string[]) => destinationRule('reviews', { host: 'reviews', subsets: subsets(...names) });
const options = { maxStep: 10 };

describe('the problems of a change', () => {
  it('are those of all rules together, in the order of all findings', () => {
    const found = changeProblems([split(80, 20), rule('v1', 'v2')], [split(0, 100), rule('v2')], options);
    assert.deepEqual(
      found.map(({ kind, rule: id, path }) => [kind, id, path]),
      [
        ['DestinationRule', 'subset-removal-in-use', 'spec.subsets'],
        ['VirtualService', 'weight-step-limit', 'spec.http[0].route[1].weight'],
      ],
    );
  });

  it('follow the levels of the options, and waivers', () => {
    const message =
      'reviews subset v2 would go from 20 to 100 at once, by 80; allowed are steps of 10 (maxStep). Go in several updates';
    const path = 'spec.http[0].route[1].weight';
    const advised = { ...options, rules: { 'weight-step-limit': 'advisory' as const } };
    assert.deepEqual(changeProblems([split(80, 20)], [split(0, 100)], advised), [
      finding(weightStepLimit, 'VirtualService bookinfo/reviews', path, message, 'advisory'),
    ]);
    const off = { ...options, rules: { 'weight-step-limit': 'off' as const } };
    assert.deepEqual(changeProblems([split(80, 20)], [split(0, 100)], off), []);
    const waived = split(0, 100, { 'policy.meshwright.io/waive.weight-step-limit': 'v1 is down' });
    assert.deepEqual(changeProblems([split(80, 20)], [waived], options), []);
  });

  it('are empty for a first deployment, and without a change', () => {
    assert.deepEqual(changeProblems([], [split(0, 100), rule('v1', 'v2')], options), []);
    const cluster = [...new Map(written.map((object) => [objectKey(object), object])).values()];
    assert.deepEqual(changeProblems(cluster, cluster, options), []);
  });

  it('are empty for an object whose name cannot be turned into a string', () => {
    const name = { toString: '' } as unknown as string;
    const nameless = { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'tools' } };
    assert.deepEqual(changeProblems([nameless], [nameless, split(0, 100)], options), []);
  });

  it('never throw, and do not depend on the order of objects', () => {
    const lists = fc.array(damaged, { maxLength: 8 });
    fc.assert(
      fc.property(lists, lists, (before, after) => {
        const found = changeProblems(before, after, options);
        assert.deepEqual(changeProblems([...before].reverse(), [...after].reverse(), options), found);
      }),
      { numRuns: 300 },
    );
  });
});

describe('rules over Pulumi resources', () => {
  it('never throw', () => {
    const facts = fc.record({ parent: fc.string(), dependencies: fc.array(fc.string()), provider: fc.string() });
    const resources = fc.array(fc.tuple(damaged, facts), { maxLength: 8 });
    fc.assert(
      fc.property(resources, fc.jsonValue(), (given, routes) => {
        const placed = given.map(([object, known]) => resource(object, known));
        for (const resourceRule of resourceRules) assert.ok(Array.isArray(resourceRule.check(placed, { routes })));
      }),
      { numRuns: 300 },
    );
  });
});
