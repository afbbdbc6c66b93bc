import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { meshModel } from '../../../mesh/model/mesh-model';
import { policiesFor, policyAttachment, workloadsOfPolicy } from '../../../mesh/model/policy-attachment';
import { deployment, service } from './objects';

const cart = { namespace: 'shop', labels: { app: 'cart' } };
const gateway = { namespace: 'shop', labels: { 'gateway.networking.k8s.io/gateway-name': 'edge' } };

function policy(name: string, namespace: string, spec: Record<string, unknown> = {}): KubernetesObject {
  return { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name, namespace }, spec };
}

const policies = [
  policy('everything', 'shop'),
  policy('cart', 'shop', { selector: { matchLabels: { app: 'cart' } } }),
  policy('web', 'shop', { selector: { matchLabels: { app: 'web' } } }),
  policy('elsewhere', 'front'),
  policy('mesh', 'istio-system'),
  policy('mesh-cart', 'istio-system', { selector: { matchLabels: { app: 'cart' } } }),
  policy('of-edge', 'shop', {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }],
  }),
  policy('of-service', 'shop', { targetRefs: [{ group: '', kind: 'Service', name: 'cart' }] }),
  policy('of-edge-elsewhere', 'istio-system', {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }],
  }),
];

describe('policies in force on a workload', () => {
  it('are those of its namespace and of the root namespace that select it', () => {
    const model = meshModel(policies);
    assert.deepEqual(
      policiesFor(model, 'AuthorizationPolicy', cart).map(({ name }) => name),
      ['cart', 'everything', 'mesh', 'mesh-cart'],
    );
  });

  it('include those that name its Gateway of the Gateway API', () => {
    const model = meshModel(policies);
    assert.deepEqual(
      policiesFor(model, 'AuthorizationPolicy', gateway).map(({ name }) => name),
      ['everything', 'mesh', 'of-edge'],
    );
  });

  it('are of the requested kind', () => {
    const authentication = { ...policy('jwt', 'shop'), kind: 'RequestAuthentication' };
    const model = meshModel([...policies, authentication]);
    assert.deepEqual(
      policiesFor(model, 'RequestAuthentication', cart).map(({ object }) => object),
      [authentication],
    );
  });

  it('follow the root namespace of the mesh', () => {
    const model = meshModel(policies, { rootNamespace: 'front' });
    assert.deepEqual(
      policiesFor(model, 'AuthorizationPolicy', cart).map(({ name }) => name),
      ['cart', 'elsewhere', 'everything'],
    );
  });
});

describe('workloads of a policy', () => {
  const workloads = [
    service('cart'),
    deployment('cart', { app: 'cart' }),
    deployment('web', { app: 'web' }),
    deployment('edge', gateway.labels),
    { ...deployment('cart', { app: 'cart' }), metadata: { name: 'cart', namespace: 'front' } },
  ];

  it('are those of its namespace, of the mesh for the root namespace, or those of its targetRefs', () => {
    const model = meshModel([...policies, ...workloads]);
    const found = model.objects.ofKind('AuthorizationPolicy').map((source): [string, string[]] => [
      source.name,
      workloadsOfPolicy(model, source)
        .map(({ namespace, name }) => `${namespace}/${name}`)
        .sort(),
    ]);
    assert.deepEqual(Object.fromEntries(found), {
      everything: ['shop/cart', 'shop/edge', 'shop/web'],
      cart: ['shop/cart'],
      web: ['shop/web'],
      elsewhere: ['front/cart'],
      mesh: ['front/cart', 'shop/cart', 'shop/edge', 'shop/web'],
      'mesh-cart': ['front/cart', 'shop/cart'],
      'of-edge': ['shop/edge'],
      'of-service': ['shop/cart'],
      'of-edge-elsewhere': [],
    });
  });
});

describe('the attachment of a policy', () => {
  it('prefers the list of targets to the single one, and treats an empty selector as none', () => {
    const model = meshModel([
      policy('both', 'shop', {
        selector: { matchLabels: {} },
        targetRef: { kind: 'Service', name: 'old' },
        targetRefs: [{ group: 'core', kind: 'Service', name: 'new' }],
      }),
      policy('single', 'shop', { targetRef: { group: 'networking.istio.io', kind: 'ServiceEntry', name: 'api' } }),
    ]);
    const [both, single] = model.objects.ofKind('AuthorizationPolicy');
    assert(both && single);
    assert.deepEqual(
      [policyAttachment(both), policyAttachment(single)],
      [
        {
          source: both,
          selector: undefined,
          targets: [{ group: '', kind: 'Service', name: 'new', path: 'spec.targetRefs[0]' }],
        },
        {
          source: single,
          selector: undefined,
          targets: [{ group: 'networking.istio.io', kind: 'ServiceEntry', name: 'api', path: 'spec.targetRef' }],
        },
      ],
    );
  });
});
