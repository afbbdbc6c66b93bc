import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { applyObjects, planObjects, RefusedError, removeAll } from '../../lab';
import type { Lab } from '../../lab';
import { plainMessage } from '../../lab/apply/server-side';
import { get, sharedLab, START_TIMEOUT_MS } from './support';

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

describe('plainMessage', () => {
  const object = virtualService('reviews', {});
  const cases = {
    'Error from server (Forbidden): no': 'no',
    'Error from server: failed to create typed patch object (a/b; v1, Kind=X): .spec.a: field not declared in schema':
      '.spec.a: field not declared in schema',
    'The VirtualService "reviews" is invalid: \n* spec.a: Required\n* spec.b: Required':
      '* spec.a: Required\n    * spec.b: Required',
    'The VirtualService "reviews" is invalid: \n* spec.a: must be of type int32\n* <nil>: Invalid value: null: not all was checked':
      'spec.a: must be of type int32',
    'Warning: old\nerror: bad': 'bad',
    'error: resource mapping not found for name: "reviews": no matches for kind "VirtualService" in version "a/v9"\nensure CRDs':
      'the API server knows no VirtualService in networking.istio.io/v1',
  };
  for (const [stderr, message] of Object.entries(cases)) {
    it(`keeps the API server's words of: ${stderr.split('\n', 1)[0] ?? ''}`, () => {
      assert.equal(plainMessage(stderr, object), message);
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
    const env = { ...lab.env };
    const gone = { ...lab, kubeconfig: `${lab.kubeconfig}.gone`, env };
    await assert.rejects(planObjects(gone, [space('x')], set), { name: 'LabError' });
  });
});
