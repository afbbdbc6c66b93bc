import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { applyObjects, planObjects, RefusedError, removeAll } from '../../lab';
import type { Lab } from '../../lab';
import { refusalText } from '../../lab/api/refusal';
import { get, newRoot, sharedLab, START_TIMEOUT_MS } from './support';

const log = (): void => undefined;
const set = { name: 'refuse-spec' };
const space = (name: string): KubernetesObject => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

function configMap(name: string, namespace: string, data: unknown): KubernetesObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

function virtualService(name: string, spec: Record<string, unknown>): KubernetesObject {
  const metadata = { name, namespace: 'fresh' };
  return { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec };
}

describe('refusalText', () => {
  const status = (message: string, more: object = {}) => ({ kind: 'Status', status: 'Failure', message, ...more });
  const invalid = (...causes: [field: string, message: string][]) =>
    status('VirtualService.networking.istio.io "reviews" is invalid: [spec.a: Required, spec.b: Required]', {
      reason: 'Invalid',
      details: { name: 'reviews', causes: causes.map(([field, message]) => ({ field, message })) },
    });
  const cases: [what: string, body: unknown, message: string][] = [
    ['a message', status('no', { reason: 'Forbidden' }), 'no'],
    [
      'a field that the schema has not',
      status('failed to create typed patch object (a/b; v1, Kind=X): .spec.a: field not declared in schema'),
      '.spec.a: field not declared in schema',
    ],
    [
      'several invalid fields',
      invalid(['spec.a', 'Required'], ['spec.b', 'Required'], ['spec.a', 'Required']),
      '* spec.a: Required\n    * spec.b: Required',
    ],
    [
      'one, and that not all was checked',
      invalid(['spec.a', 'must be of type int32'], ['<nil>', 'Invalid value: null: not all was checked']),
      'spec.a: must be of type int32',
    ],
    ['an object that is invalid as a whole', { ...invalid(), message: 'all of it' }, 'all of it'],
    ['something that is no Status', undefined, 'answer 404'],
  ];
  for (const [what, body, message] of cases) {
    it(`keeps the API server's words of ${what}`, () => {
      assert.equal(refusalText({ status: 404, body }), message);
    });
  }
});

describe('objects that the API server refuses', function () {
  this.timeout(START_TIMEOUT_MS);
  let lab: Lab;
  before(async () => {
    lab = await sharedLab();
  });
  after(() => removeAll(lab, { ...set, log }));

  it('are all told, each with its identity and the reason, and nothing is touched', async () => {
    const objects = [
      space('fresh'),
      configMap('good', 'fresh', { a: 'b' }),
      configMap('Bad_Name', 'fresh', {}),
      configMap('bad-value', 'default', { a: 1 }),
      virtualService('typo', { hosts: ['a'], wieghts: {} }),
      virtualService('fraction', { hosts: ['a'], http: [{ route: [{ destination: { host: 'b' }, weight: 33.3 }] }] }),
      {
        apiVersion: 'networking.istio.io/v9',
        kind: 'VirtualService',
        metadata: { name: 'future', namespace: 'fresh' },
      },
      { apiVersion: 'v1', kind: 'Nope', metadata: { name: 'nope' } },
    ];
    const refused = await applyObjects(lab, objects, { ...set, log }).then(
      () => assert.fail('must be refused'),
      (error: unknown) => error,
    );
    assert.ok(refused instanceof RefusedError);
    const told = Object.fromEntries(refused.problems.map(({ id, message }) => [id, message]));
    assert.deepEqual(Object.keys(told).sort(), [
      'ConfigMap default/bad-value',
      'ConfigMap fresh/Bad_Name',
      'Nope nope',
      'VirtualService fresh/fraction',
      'VirtualService fresh/future',
      'VirtualService fresh/typo',
    ]);
    assert.equal(told['Nope nope'], 'the API server knows no Nope in v1');
    assert.equal(told['VirtualService fresh/typo'], '.spec.wieghts: field not declared in schema');
    assert.match(
      told['VirtualService fresh/fraction'] ?? '',
      /^spec\.http\[0\]\.route\[0\]\.weight: Invalid value: .* must be of type int/,
    );
    assert.match(told['ConfigMap fresh/Bad_Name'] ?? '', /^metadata\.name: Invalid value: "Bad_Name"/);
    assert.match(told['ConfigMap default/bad-value'] ?? '', /\.data\.a: expected string, got /);
    assert.equal(
      told['VirtualService fresh/future'],
      'the API server knows no VirtualService in networking.istio.io/v9',
    );
    assert.ok(!refused.message.includes('meshwright-trial'), refused.message);
    assert.equal(await get(lab, 'namespace', 'fresh'), undefined);
    assert.equal(await get(lab, 'environments.meshwright.io', set.name).catch(() => undefined), undefined);
  });

  it('are those of another set', async () => {
    const other = { name: 'Other_Set' };
    const objects = [space('claimed'), configMap('theirs', 'claimed', { a: 'b' })];
    await applyObjects(lab, objects, { ...other, log });
    await assert.rejects(planObjects(lab, objects, set), (error) => {
      assert.ok(error instanceof RefusedError);
      assert.deepEqual(
        error.problems.map(({ id }) => id),
        ['Namespace claimed', 'ConfigMap claimed/theirs'],
      );
      for (const { message } of error.problems)
        assert.match(message, /^belongs to other-set\.[0-9a-f]{10}; remove it there first$/);
      return true;
    });
    assert.deepEqual((await planObjects(lab, objects, other)).unchanged, 2);
    await removeAll(lab, { ...other, log });
  });

  it('are told in one sentence when the API server is gone', async () => {
    const kubeconfig = path.join(await newRoot(), 'kubeconfig');
    await assert.rejects(planObjects({ ...lab, kubeconfig }, [space('x')], set), {
      name: 'LabError',
      message: `The API server cannot be reached: ENOENT: no such file or directory, open '${kubeconfig}'`,
    });
    const config = await readFile(lab.kubeconfig, 'utf8');
    await writeFile(kubeconfig, config.replace(lab.server, 'https://127.0.0.1:1'));
    await assert.rejects(planObjects({ ...lab, kubeconfig }, [space('x')], set), {
      name: 'LabError',
      message: 'The API server cannot be reached: connect ECONNREFUSED 127.0.0.1:1',
    });
  });
});
