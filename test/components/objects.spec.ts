import assert from 'node:assert/strict';
import { Namespace, Objects } from '../../components';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { registrations } from './support/registrations';

const object = (
  apiVersion: string,
  kind: string,
  name: string,
  fields: object = {},
  namespace?: string,
): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: namespace === undefined ? { name } : { name, namespace },
  ...fields,
});

describe('Objects', () => {
  it('registers each object verbatim, under the type token of its kind', async () => {
    const objects = [
      object('v1', 'ConfigMap', 'a', { data: { key: '1' } }, 'shop'),
      object('v1', 'Secret', 'a', { stringData: { key: 'hush' } }, 'shop'),
      object('apps/v1', 'Deployment', 'a', { spec: { replicas: 0 } }, 'shop'),
      object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'a', { rules: [] }),
      object('networking.istio.io/v1', 'ServiceEntry', 'a', { spec: { hosts: ['a.example'] } }, 'shop'),
      object('telemetry.istio.io/v1', 'Telemetry', 'a', { spec: {} }, 'shop'),
      object('example.com/v1', 'Widget', 'a', { size: 0, tags: {} }, 'shop'),
    ];
    const found = await registrations(() => new Objects('objects', { objects }));
    const expected = objects.map((given) => ({
      type: `kubernetes:${given.apiVersion === 'v1' ? 'core/v1' : given.apiVersion}:${given.kind}`,
      name: given.metadata.namespace === undefined ? 'objects-a' : 'objects-shop/a',
      inputs: given.kind === 'Secret' ? { ...given, stringData: { secret: { key: 'hush' } } } : given,
    }));
    const registered = found.slice(1).map(({ type, name, inputs }) => ({ type, name, inputs }));
    assert.deepEqual(byType(registered), byType(expected));
    assert.deepEqual(Object.fromEntries(found.slice(1).map(({ type, options }) => [type, options['aliases']])), {
      'kubernetes:core/v1:ConfigMap': undefined,
      'kubernetes:core/v1:Secret': undefined,
      'kubernetes:apps/v1:Deployment': undefined,
      'kubernetes:rbac.authorization.k8s.io/v1:ClusterRole': undefined,
      'kubernetes:networking.istio.io/v1:ServiceEntry': [
        'kubernetes:networking.istio.io/v1beta1:ServiceEntry',
        'kubernetes:networking.istio.io/v1alpha3:ServiceEntry',
      ],
      'kubernetes:telemetry.istio.io/v1:Telemetry': ['kubernetes:telemetry.istio.io/v1alpha1:Telemetry'],
      'kubernetes:example.com/v1:Widget': undefined,
    });
  });

  it('registers namespaces and definitions first, then workloads, then DestinationRules, then routes', async () => {
    const objects = [
      object('networking.istio.io/v1', 'VirtualService', 'route', { spec: {} }, 'shop'),
      object('networking.istio.io/v1', 'DestinationRule', 'rule', { spec: {} }, 'shop'),
      object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'other', { spec: {} }, 'shop'),
      object('apps/v1', 'Deployment', 'till', { spec: {} }, 'shop'),
      object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'widgets', { spec: {} }),
      object('v1', 'Namespace', 'shop'),
    ];
    const found = await registrations(() => new Objects('o', { objects }));
    assert.deepEqual(Object.fromEntries(found.slice(1).map(({ name, dependsOn }) => [name, dependsOn])), {
      'o-widgets': [],
      'o-shop': [],
      'o-shop/till': ['o-shop', 'o-widgets'],
      'o-shop/rule': ['o-shop', 'o-shop/till', 'o-widgets'],
      'o-shop/route': ['o-shop', 'o-shop/rule', 'o-shop/till', 'o-widgets'],
      'o-shop/other': ['o-shop', 'o-shop/rule', 'o-shop/till', 'o-widgets'],
    });
  });

  it('makes an object wait only for its own namespace', async () => {
    const objects = ['a', 'b'].map((namespace) => object('v1', 'ConfigMap', 'c', {}, namespace));
    const found = await registrations(() => {
      const dependsOn = ['a', 'b'].map((name) => new Namespace(name, {}));
      new Objects('o', { objects }, { dependsOn });
    });
    const waits = found.filter(({ parent }) => parent === 'o').map(({ name, dependsOn }) => [name, dependsOn]);
    assert.deepEqual(waits, [
      ['o-a/c', ['a-namespace']],
      ['o-b/c', ['b-namespace']],
    ]);
  });

  it('encrypts everything but the metadata of a section with secrets', async () => {
    const objects = [object('example.com/v1', 'Widget', 'w', { size: 0, spec: { token: 'hush' } }, 'shop')];
    const [, widget] = await registrations(() => new Objects('o', { objects, secret: true }));
    const { apiVersion, kind, metadata } = objects[0] as KubernetesObject;
    assert.deepEqual(widget?.inputs, {
      apiVersion,
      kind,
      metadata,
      size: { secret: 0 },
      spec: { secret: { token: 'hush' } },
    });
  });

  it('fails on a kind that the core group does not have', async () => {
    const objects = [object('v1', 'Deployment', 'd', {}, 'shop')];
    await assert.rejects(
      registrations(() => new Objects('o', { objects })),
      { message: 'Deployment shop/d: apiVersion v1 has no kind Deployment; name its API group, e.g. apps/v1' },
    );
  });
});

function byType<T extends { type: string }>(found: T[]): T[] {
  return [...found].sort((a, b) => a.type.localeCompare(b.type));
}
