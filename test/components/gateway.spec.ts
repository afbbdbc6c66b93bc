import assert from 'node:assert/strict';
import { Gateway, type GatewayArgs } from '../../components';
import { registrations, type Registration } from './support/registrations';

const args: GatewayArgs = {
  service: { type: 'NodePort', nodePorts: { http2: 30080 } },
  gateways: { shop: { 'shop-gateway': {} } },
  certificate: { dnsNames: ['shop.example'] },
  ingress: { className: 'traefik' },
};

describe('Gateway', () => {
  it('registers the workload, the Gateways that select it, its certificate, and the Ingress in front of it', async () => {
    const [component, ...children] = await registrations(() => new Gateway('istio-ingressgateway', args));
    assert.deepEqual(component?.outputs, {
      gateway: 'istio-ingressgateway',
      namespace: 'istio-ingress',
      address: 'http://<address of any node>:30080',
    });
    assert.deepEqual(Object.fromEntries(children.map(({ name, type, dependsOn }) => [name, [type, dependsOn]])), {
      'istio-ingressgateway-istio-ingress': ['meshwright:index:Namespace', []],
      [namespace]: ['kubernetes:core/v1:Namespace', []],
      'istio-ingressgateway-istio-ingress/istio-ingressgateway-cert': [
        'kubernetes:cert-manager.io/v1:Certificate',
        [namespace],
      ],
      'istio-ingressgateway-shop/shop-gateway': ['kubernetes:networking.istio.io/v1:Gateway', [namespace]],
      'istio-ingressgateway-istio-ingressgateway': ['kubernetes:helm.sh/v3:Release', [namespace]],
      'istio-ingressgateway-istio-ingress/istio-ingressgateway': [
        'kubernetes:networking.k8s.io/v1:Ingress',
        [namespace, 'istio-ingressgateway-istio-ingressgateway'],
      ],
    });
    assert.deepEqual(
      children.filter(({ type }) => !type.startsWith('meshwright:')).map(({ parent }) => parent),
      ['istio-ingressgateway-istio-ingress', ...Array<string>(4).fill('istio-ingressgateway')],
    );
  });

  it('uses the same chart version as the control plane', async () => {
    const istio = { version: '1.29.0', revision: '1-29', charts: { path: './charts' } };
    const found = await registrations(() => new Gateway('g', { name: 'edge', istio, createNamespace: false }));
    assert.deepEqual(
      found.filter(isRelease).map(({ inputs }) => inputs),
      [
        {
          name: 'edge',
          namespace: 'istio-ingress',
          chart: './charts/gateway',
          values: { revision: '1-29' },
          resetValues: true,
          skipAwait: false,
          atomic: true,
          timeout: 600,
          compat: 'true',
        },
      ],
    );
  });

  it('does not install a workload that exists already', async () => {
    const found = await registrations(
      () => new Gateway('g', { install: false, gateways: { shop: { 'shop-gateway': {} } } }),
    );
    assert.deepEqual(
      found.map(({ name }) => name),
      ['g', 'g-shop/shop-gateway'],
    );
  });

  const addresses: [GatewayArgs, string][] = [
    [{}, `kubectl get service g --namespace istio-ingress --output jsonpath='{.status.loadBalancer.ingress[0]}'`],
    [{ namespace: 'edge', service: { type: 'NodePort' } }, 'kubectl get service g --namespace edge'],
    [{ service: { type: 'NodePort', nodePorts: { http: 31000 } } }, 'http://<address of any node>:31000'],
    [{ service: { type: 'ClusterIP' } }, 'kubectl port-forward service/g --namespace istio-ingress 8080:80'],
  ];
  for (const [settings, address] of addresses) {
    it(`has the address "${address}" for ${JSON.stringify(settings)}`, async () => {
      const [component] = await registrations(() => new Gateway('g', settings));
      assert.equal(component?.outputs?.['address'], address);
    });
  }

  it('encrypts values and specs of a section with secrets', async () => {
    const found = await registrations(() => new Gateway('g', { ...args, secret: true, createNamespace: false }));
    const secrets = found
      .slice(1)
      .map(({ name, inputs }) => [name, Object.keys(inputs).filter((key) => isSecret(inputs[key]))]);
    assert.deepEqual(Object.fromEntries(secrets), {
      'g-istio-ingress/g-cert': ['spec'],
      'g-shop/shop-gateway': ['spec'],
      'g-g': ['values'],
      'g-istio-ingress/g': ['spec'],
    });
  });
});

const namespace = 'istio-ingressgateway-istio-ingress-namespace';

function isRelease({ type }: Registration): boolean {
  return type === 'kubernetes:helm.sh/v3:Release';
}

function isSecret(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'secret';
}
