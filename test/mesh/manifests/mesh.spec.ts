import assert from 'node:assert/strict';
import { objectTitle } from '../../../mesh/manifests/kubernetes';
import { meshNamespaces, renderMesh, type Mesh } from '../../../mesh/manifests/mesh';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { without } from '../../support/without';

function titles({ releases, existingNamespaces, objects }: Mesh): Record<string, string[]> {
  return {
    releases: releases.map(({ namespace, name }) => `${namespace}/${name}`),
    existing: existingNamespaces.map(({ object }) => object.metadata.name),
    objects: objects.map(({ object }) => objectTitle(object)),
  };
}

const everything: StackSettings = {
  objects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'extra', namespace: 'shop' } }],
  routes: { shop: { b: { versions: ['v1'], weights: { v1: 100 } }, a: { trafficPolicy: {}, http: [{}] } } },
  addons: { certManager: {}, jaeger: {} },
  apps: { web: { namespace: 'shop', workloads: { web: { image: 'x' } } } },
  namespaces: { default: { injection: true }, shop: { injection: true } },
  gateways: {
    edge: { ingress: {}, certificate: { dnsNames: ['a'] }, gateways: { shop: { front: {} } } },
  },
  istio: { mtls: 'STRICT' },
};

describe('renderMesh', () => {
  it('is empty for an empty stack', () => {
    assert.deepEqual(renderMesh({}), { releases: [], existingNamespaces: [], objects: [] });
  });

  it('has everything in the order in which to apply it', () => {
    assert.deepEqual(titles(renderMesh(everything)), {
      releases: ['istio-system/istio-base', 'istio-system/istiod', 'istio-ingress/edge', 'istio-system/jaeger'],
      existing: ['default'],
      objects: [
        'Namespace istio-system',
        'Namespace istio-ingress',
        'Namespace cert-manager',
        'Namespace shop',
        'PeerAuthentication istio-system/default',
        'ClusterIssuer selfsigned',
        'Service istio-system/jaeger-collector',
        'Service istio-system/tracing',
        'Service istio-system/zipkin',
        'Telemetry istio-system/mesh-default',
        'Deployment shop/web',
        'Certificate istio-ingress/edge-cert',
        'Ingress istio-ingress/edge',
        'Gateway shop/front',
        'DestinationRule shop/b.v1',
        'DestinationRule shop/a',
        'VirtualService shop/b',
        'VirtualService shop/a',
        'ConfigMap shop/extra',
      ],
    });
  });

  it('renders the same for the same settings', () => {
    assert.deepEqual(renderMesh(everything), renderMesh(structuredClone(everything)));
  });

  it('adds the tracing backend to istiod’s extension providers', () => {
    const istiod = renderMesh(everything).releases.find(({ name }) => name === 'istiod');
    assert.deepEqual(istiod?.values, {
      meshConfig: {
        extensionProviders: [
          { name: 'jaeger', zipkin: { service: 'zipkin.istio-system.svc.cluster.local', port: 9411 } },
        ],
      },
    });
  });

  it('loses exactly the objects of a section that is removed', () => {
    const removed = (section: keyof StackSettings) => {
      const left = titles(renderMesh(without({ ...everything }, section)))['objects'] ?? [];
      return (titles(renderMesh(everything))['objects'] ?? []).filter((title) => !left.includes(title));
    };
    assert.deepEqual(removed('routes'), [
      'DestinationRule shop/b.v1',
      'DestinationRule shop/a',
      'VirtualService shop/b',
      'VirtualService shop/a',
    ]);
    assert.deepEqual(removed('apps'), ['Deployment shop/web']);
    assert.deepEqual(removed('objects'), ['ConfigMap shop/extra']);
    assert.deepEqual(removed('addons'), [
      'Namespace cert-manager',
      'ClusterIssuer selfsigned',
      'Service istio-system/jaeger-collector',
      'Service istio-system/tracing',
      'Service istio-system/zipkin',
      'Telemetry istio-system/mesh-default',
    ]);
  });
});

describe('meshNamespaces', () => {
  it('has the namespaces that the stack needs, with the settings of those that it lists', () => {
    assert.deepEqual(meshNamespaces(everything), {
      'istio-system': {},
      'istio-ingress': {},
      'cert-manager': {},
      shop: { injection: true },
      default: { injection: true },
    });
    assert.deepEqual(meshNamespaces({ istio: {}, addons: { namespace: 'telemetry', kiali: {} } }), {
      'istio-system': {},
      telemetry: {},
    });
  });

  it('leaves out the namespaces of a control plane and of gateways that exist already', () => {
    assert.deepEqual(meshNamespaces({ addons: { kiali: {} }, gateways: { edge: { install: false } } }), {});
  });
});
