import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { destinationEndpoints, endpointsOf, type EndpointFilter, type Endpoints } from '../../../mesh/model/endpoints';
import { meshModel, type MeshOptions } from '../../../mesh/model/mesh-model';
import { deployment, objects, service } from './objects';

const v1 = { app: 'cart', version: 'v1' };
const v2 = { app: 'cart', version: 'v2' };

describe('endpoints of a Service', () => {
  it('are the workloads that its selector finds in its namespace, each with its replicas', () => {
    const elsewhere = { ...deployment('cart', v1), metadata: { name: 'cart', namespace: 'other' } };
    assert.deepEqual(
      endpoints([service('cart'), deployment('cart-v1', v1, { replicas: 3 }), deployment('cart-v2', v2), elsewhere]),
      { is: 'some', workloads: { 'Deployment cart-v1': 3, 'Deployment cart-v2': 1 }, addresses: [] },
    );
  });

  it('leave out workloads of 0 replicas, and are none when all have 0', () => {
    const [one, other] = [deployment('cart-v1', v1, { replicas: 0 }), deployment('cart-v2', v2, { replicas: 2 })];
    assert.deepEqual(
      [endpoints([service('cart'), one, other]), endpoints([service('cart'), one], { labels: { version: 'v1' } })],
      [
        { is: 'some', workloads: { 'Deployment cart-v2': 2 }, addresses: [] },
        { is: 'none', why: 'Deployment shop/cart-v1 has 0 replicas' },
      ],
    );
  });

  it('are unknown when the input holds no workload of the namespace, or declares one without its labels', () => {
    const unknown = { is: 'unknown', why: 'the input does not have all workloads of namespace shop' };
    const none = { is: 'none', why: 'no workload of namespace shop has the labels app=cart' };
    const alone = [service('cart')];
    const beside = [service('cart'), deployment('web', { app: 'web' })];
    const canary = { apiVersion: 'flagger.app/v1beta1', kind: 'Canary', metadata: { name: 'web', namespace: 'shop' } };
    assert.deepEqual(
      [
        endpoints(alone),
        endpoints(alone, {}, { complete: true }),
        endpoints(beside),
        endpoints(beside, {}, { externals: { workloads: ['shop/cart'] } }),
        endpoints(beside, {}, { externals: { workloads: ['*'] }, complete: true }),
        endpoints(beside, {}, { externals: { workloads: ['other/cart'] } }),
        endpoints([...beside, canary]),
      ],
      [unknown, none, none, unknown, unknown, none, unknown],
    );
  });

  it('without a selector are the addresses of its EndpointSlices and Endpoints', () => {
    const bare = service('hub', { selector: undefined });
    const listed = objects(`
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: hub-1, namespace: shop, labels: { kubernetes.io/service-name: hub } }
endpoints:
  - { addresses: [10.0.0.1] }
  - { addresses: [10.0.0.2], conditions: { ready: false } }
---
apiVersion: v1
kind: Endpoints
metadata: { name: hub, namespace: shop }
subsets: [{ addresses: [{ ip: 10.0.0.3 }] }]
`);
    const web = deployment('web', { app: 'web' });
    assert.deepEqual(
      [
        endpoints([bare, ...listed]),
        endpoints([bare, ...listed], { labels: { version: 'v1' } }),
        endpoints([bare, web]),
        endpoints([{ ...bare, metadata: { name: 'hub', namespace: 'alone' } }]),
      ],
      [
        { is: 'some', workloads: {}, addresses: ['10.0.0.1', '10.0.0.3'] },
        { is: 'none', why: 'endpoints of Service shop/hub have no labels, so no subset selects them' },
        { is: 'none', why: 'Service shop/hub has no selector and no EndpointSlice' },
        // The Service itself describes its namespace.
        { is: 'none', why: 'Service alone/hub has no selector and no EndpointSlice' },
      ],
    );
  });

  it('behind a named port are the pods that have a container port of that name', () => {
    const named = service('cart', { ports: [{ port: 80, targetPort: 'web' }] });
    const open = { containers: [{ name: 'app', ports: [{ name: 'web', containerPort: 8080 }] }] };
    const both = [named, deployment('cart-v1', v1, {}, open), deployment('cart-v2', v2)];
    assert.deepEqual(
      [endpoints(both, { port: 80 }), endpoints(both, { port: 80, labels: { version: 'v2' } }), endpoints(both, {})],
      [
        { is: 'some', workloads: { 'Deployment cart-v1': 1 }, addresses: [] },
        { is: 'none', why: 'no pod with app=cart, version=v2 has a container port named web' },
        { is: 'some', workloads: { 'Deployment cart-v1': 1, 'Deployment cart-v2': 1 }, addresses: [] },
      ],
    );
  });

  it('follow an ExternalName to a service of the input, and are unknown beyond it', () => {
    const alias = (externalName: string): KubernetesObject =>
      service('alias', { type: 'ExternalName', externalName, selector: undefined });
    const behind = [service('cart'), deployment('cart-v1', v1)];
    assert.deepEqual(
      [endpoints([alias('cart.shop.svc.cluster.local'), ...behind]), endpoints([alias('api.example.com'), ...behind])],
      [
        { is: 'some', workloads: { 'Deployment cart-v1': 1 }, addresses: [] },
        {
          is: 'unknown',
          why: 'alias.shop.svc.cluster.local is another name for api.example.com, which is not in the input',
        },
      ],
    );
  });
});

describe('the number of pods', () => {
  const scaler = (apiVersion: string, kind: string, spec: object): KubernetesObject => ({
    apiVersion,
    kind,
    metadata: { name: 'cart', namespace: 'shop' },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart-v1' }, ...spec },
  });
  const hpa = scaler('autoscaling/v2', 'HorizontalPodAutoscaler', { maxReplicas: 9 });
  const keda = scaler('keda.sh/v1alpha1', 'ScaledObject', {});
  const open = { is: 'some', workloads: { 'Deployment cart-v1': undefined }, addresses: [] };
  const cases: [string, KubernetesObject[], object][] = [
    ['is not known, but at least one, under a HorizontalPodAutoscaler', [hpa, deployment('cart-v1', v1)], open],
    [
      'stays 0 under a HorizontalPodAutoscaler',
      [hpa, deployment('cart-v1', v1, { replicas: 0 })],
      { is: 'none', why: 'Deployment shop/cart-v1 has 0 replicas' },
    ],
    [
      'may be 0 under a ScaledObject',
      [keda, deployment('cart-v1', v1)],
      { is: 'unknown', why: 'the input does not show how many pods have app=cart' },
    ],
    [
      'is not known, but at least one, of a DaemonSet',
      [{ ...deployment('cart-v1', v1), kind: 'DaemonSet' }],
      { is: 'some', workloads: { 'DaemonSet cart-v1': undefined }, addresses: [] },
    ],
    [
      'of a Rollout goes with the template of the Deployment that it names',
      [
        deployment('web', { app: 'cart', version: 'v1' }, { replicas: 0 }),
        {
          apiVersion: 'argoproj.io/v1alpha1',
          kind: 'Rollout',
          metadata: { name: 'cart', namespace: 'shop' },
          spec: { replicas: 4, workloadRef: { kind: 'Deployment', name: 'web' } },
        },
      ],
      { is: 'some', workloads: { 'Rollout cart': 4 }, addresses: [] },
    ],
  ];
  for (const [title, workloads, expected] of cases) {
    it(title, () => {
      assert.deepEqual(endpoints([service('cart'), ...workloads]), expected);
    });
  }
});

describe('endpoints of a subset', () => {
  it('are the pods that also have its labels; labels that contradict the selector find none', () => {
    const both = [service('cart'), deployment('cart-v1', v1), deployment('cart-v2', v2)];
    assert.deepEqual(
      [{ version: 'v2' }, { version: 'v9' }, { app: 'web' }].map((labels) => endpoints(both, { labels })),
      [
        { is: 'some', workloads: { 'Deployment cart-v2': 1 }, addresses: [] },
        { is: 'none', why: 'no workload of namespace shop has the labels app=cart, version=v9' },
        { is: 'none', why: 'no pod has both app=cart and app=web' },
      ],
    );
  });

  it('are unknown when only a running pod shows the label', () => {
    const labels = { 'topology.kubernetes.io/region': 'eu', version: 'v1' };
    const why = 'the input does not show how many pods have app=cart, topology.kubernetes.io/region=eu, version=v1';
    assert.deepEqual(
      [
        endpoints([service('cart'), deployment('cart-v1', v1)], { labels }),
        endpoints([service('cart'), deployment('cart-v2', v2)], { labels }),
      ],
      [
        { is: 'unknown', why },
        {
          is: 'none',
          why: 'no workload of namespace shop has the labels app=cart, topology.kubernetes.io/region=eu, version=v1',
        },
      ],
    );
  });

  it('can be single pods of a StatefulSet', () => {
    const set = { ...deployment('db', { app: 'cart' }, { replicas: 2, ordinals: { start: 1 } }), kind: 'StatefulSet' };
    const found = ['db-0', 'db-1', 'db-2', 'db-3', 'web-1'].map((pod) =>
      endpoints([service('cart'), set], { labels: { 'statefulset.kubernetes.io/pod-name': pod } }),
    );
    const one = { is: 'some', workloads: { 'StatefulSet db': 1 }, addresses: [] };
    assert.deepEqual(
      found.map((answer) => (answer.is === 'some' ? answer : answer.is)),
      ['none', one, one, 'none', 'none'],
    );
    assert.deepEqual(endpoints([service('cart'), set], { labels: { 'apps.kubernetes.io/pod-index': '2' } }), one);
  });
});

describe('endpoints of a ServiceEntry', () => {
  const entry = (spec: object): KubernetesObject => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: 'api', namespace: 'shop' },
    spec: { hosts: ['api.example.com'], ports: [{ number: 443, name: 'tls', protocol: 'TLS' }], ...spec },
  });
  const vm = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name: 'vm', namespace: 'shop' },
    spec: { address: '10.0.0.9', labels: { app: 'api' } },
  };
  const group = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadGroup',
    metadata: { name: 'vms', namespace: 'shop' },
    spec: { template: { labels: { app: 'api' } } },
  };
  const itself = { is: 'some', workloads: {}, addresses: ['api.example.com'] };
  const cases: [string, KubernetesObject[], EndpointFilter, object][] = [
    ['are the host itself with resolution DNS', [entry({ resolution: 'DNS' })], {}, itself],
    ['are the host itself with resolution NONE, whatever the labels', [entry({})], { labels: v1 }, itself],
    [
      'have no labels when they are the host itself',
      [entry({ resolution: 'DNS' })],
      { labels: { version: 'v1' } },
      { is: 'none', why: 'ServiceEntry shop/api has no endpoint with version=v1' },
    ],
    [
      'are those that it lists and that have the labels',
      [entry({ resolution: 'STATIC', endpoints: [{ address: '10.0.0.1', labels: v1 }, { address: '10.0.0.2' }] })],
      { labels: { version: 'v1' } },
      { is: 'some', workloads: {}, addresses: ['10.0.0.1'] },
    ],
    [
      'are none with resolution STATIC and an empty list',
      [entry({ resolution: 'STATIC' })],
      {},
      { is: 'none', why: 'ServiceEntry shop/api has no endpoints' },
    ],
    [
      'are the workloads that it selects',
      [entry({ resolution: 'STATIC', workloadSelector: { labels: { app: 'api' } } }), vm],
      {},
      { is: 'some', workloads: { 'WorkloadEntry vm': 1 }, addresses: [] },
    ],
    [
      'are unknown where machines register themselves',
      [entry({ resolution: 'STATIC', workloadSelector: { labels: { app: 'api' } } }), group],
      {},
      { is: 'unknown', why: 'the input does not show how many pods have app=api' },
    ],
  ];
  for (const [title, given, filter, expected] of cases) {
    it(title, () => {
      assert.deepEqual(endpoints(given, filter), expected);
    });
  }
});

describe('endpoints of a destination', () => {
  const rule = objects(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: cart, namespace: shop }
spec:
  host: cart
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v9, labels: { version: v9 } }]
`);
  const cart = [service('cart'), deployment('cart-v1', v1)];
  const host = 'cart.shop.svc.cluster.local';
  const cases: [string, KubernetesObject[], { host: string; subset?: string }, object][] = [
    [
      'are those of the subset that the client sees',
      [...cart, ...rule],
      { host, subset: 'v1' },
      { is: 'some', workloads: { 'Deployment cart-v1': 1 }, addresses: [] },
    ],
    [
      'are none for a subset without pods',
      [...cart, ...rule],
      { host, subset: 'v9' },
      { is: 'none', why: 'no workload of namespace shop has the labels app=cart, version=v9' },
    ],
    [
      'are none for a subset that the rule of the client does not have',
      [...cart, ...rule],
      { host, subset: 'v3' },
      { is: 'none', why: `no DestinationRule gives ${host} a subset v3` },
    ],
    [
      'are unknown for a subset without any rule',
      cart,
      { host, subset: 'v1' },
      { is: 'unknown', why: `no DestinationRule gives ${host} a subset v1` },
    ],
    [
      'are unknown for a Service of another file',
      rule,
      { host },
      { is: 'unknown', why: `the input has no service ${host}` },
    ],
    [
      'are none for a Service that its namespace does not have',
      [deployment('web', { app: 'web' })],
      { host },
      { is: 'none', why: `there is no service ${host}` },
    ],
  ];
  for (const [title, given, destination, expected] of cases) {
    it(title, () => {
      assert.deepEqual(shown(destinationEndpoints(meshModel(given), destination, { namespace: 'front' })), expected);
    });
  }

  it('are none for a service that is not exported to the client', () => {
    const hidden = service('cart');
    hidden.metadata.annotations = { 'networking.istio.io/exportTo': '.' };
    const mesh = meshModel([hidden, deployment('cart-v1', v1)]);
    assert.deepEqual(destinationEndpoints(mesh, { host }, { namespace: 'front' }), {
      is: 'none',
      why: `${host} is not exported to namespace front`,
    });
  });
});

/** The endpoints of the first service. */
function endpoints(given: KubernetesObject[], filter?: EndpointFilter, options?: MeshOptions): Shown {
  const mesh = meshModel(given, options);
  const found = mesh.services.all.find(({ source }) => source.object === given[0]);
  assert(found);
  return shown(endpointsOf(mesh, found, filter));
}

type Shown =
  | Exclude<Endpoints, { is: 'some' }>
  | { is: 'some'; workloads: Record<string, number | undefined>; addresses: string[] };

/** With workloads by title, and addresses alone. */
function shown(found: Endpoints): Shown {
  if (found.is !== 'some') return found;
  return {
    ...found,
    workloads: Object.fromEntries(
      found.workloads.map(({ workload, replicas }) => [`${workload.kind} ${workload.name}`, replicas]),
    ),
    addresses: found.addresses.map(({ address }) => address),
  };
}
