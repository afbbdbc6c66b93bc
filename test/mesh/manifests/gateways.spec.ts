import assert from 'node:assert/strict';
import {
  gatewayCertificate,
  gatewayIngress,
  gatewayRelease,
  istioGateways,
} from '../../../mesh/manifests/gateway-workload';
import { istioRepository } from '../../../mesh/manifests/control-plane';
import type { GatewaySettings, IstioSettings } from '../../../mesh/manifests/settings';

const name = 'istio-ingressgateway';
const origin = `meshwright:gateways.${name}`;

function service(settings: GatewaySettings['service'], istio: IstioSettings = {}): unknown {
  return gatewayRelease(name, settings === undefined ? {} : { service: settings }, istio)?.values['service'];
}

const tcp = (port: string, number: number) => ({ name: port, port: number, protocol: 'TCP', targetPort: number });
const defaultPorts = [tcp('status-port', 15021), tcp('http2', 80), tcp('https', 443)];
const demoPorts = [...defaultPorts, tcp('tcp', 31400), tcp('tls', 15443)];

describe('gatewayRelease', () => {
  it('is a release of the gateway chart under the gateway’s own name', () => {
    const settings = { namespace: 'edge', labels: { app: 'edge' }, values: { autoscaling: { enabled: false } } };
    assert.deepEqual(gatewayRelease(name, settings, { version: '1.29.0', revision: 'canary' }), {
      name,
      namespace: 'edge',
      chart: 'gateway',
      repository: istioRepository,
      version: '1.29.0',
      values: { revision: 'canary', labels: { app: 'edge' }, autoscaling: { enabled: false } },
      after: ['istio-base', 'istiod-canary'],
      origin,
    });
  });

  it('is undefined for an existing workload', () => {
    assert.equal(gatewayRelease(name, { install: false }), undefined);
  });

  it('leaves the Service to the chart without settings', () => {
    assert.equal(service(undefined), undefined);
    assert.deepEqual(service({ type: 'NodePort', annotations: { a: 'b' } }), {
      type: 'NodePort',
      annotations: { a: 'b' },
    });
  });

  it('has the ports of the settings, or the chart’s own with node ports', () => {
    const ports = [{ name: 'dns', port: 53, protocol: 'UDP' as const, targetPort: 5353 }];
    assert.deepEqual(service({ ports, nodePorts: { dns: 30053 } }), {
      ports: [{ name: 'dns', port: 53, protocol: 'UDP', targetPort: 5353, nodePort: 30053 }],
    });
    assert.deepEqual(service({ nodePorts: { http2: 31380 } }), {
      ports: [defaultPorts[0], { ...defaultPorts[1], nodePort: 31380 }, defaultPorts[2]],
    });
  });

  it('opens the ports of profile demo, except on a ClusterIP gateway', () => {
    assert.deepEqual(service(undefined, { profile: 'demo' }), { ports: demoPorts });
    assert.deepEqual(service({ type: 'ClusterIP' }, { profile: 'demo' }), { type: 'ClusterIP' });
    assert.deepEqual(service({ ports: [{ name: 'http2', port: 80 }] }, { profile: 'demo' }), {
      ports: [tcp('http2', 80)],
    });
  });
});

describe('istioGateways', () => {
  it('serve every host at port 80 and select the workload by default', () => {
    const servers = [{ port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['a'] }];
    const settings: GatewaySettings = {
      gateways: {
        default: { 'main-gw': {} },
        shop: { edge: { servers, selector: { app: 'edge' }, name: 'front', labels: { a: 'b' } } },
      },
    };
    assert.deepEqual(istioGateways(name, settings), [
      {
        object: {
          kind: 'Gateway',
          apiVersion: 'networking.istio.io/v1',
          metadata: { name: 'main-gw', namespace: 'default' },
          spec: {
            selector: { istio: 'ingressgateway' },
            servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
          },
        },
        origin: `${origin}.gateways.default.main-gw`,
      },
      {
        object: {
          kind: 'Gateway',
          apiVersion: 'networking.istio.io/v1',
          metadata: { name: 'front', namespace: 'shop', labels: { a: 'b' } },
          spec: { selector: { app: 'edge' }, servers },
        },
        origin: `${origin}.gateways.shop.edge`,
      },
    ]);
  });

  it('select by the workload’s own labels', () => {
    const settings: GatewaySettings = { labels: { app: 'edge' }, gateways: { a: { g: {} } } };
    assert.deepEqual(
      istioGateways('edge', settings).map(({ object }) => object.spec.selector),
      [{ app: 'edge' }],
    );
  });
});

describe('gatewayIngress', () => {
  const path = (port: number) => ({
    paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { number: port } } } }],
  });

  it('sends every host to port 80 of the gateway', () => {
    assert.deepEqual(gatewayIngress(name, { ingress: {} }), {
      object: {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { name, namespace: 'istio-ingress' },
        spec: { rules: [{ http: path(80) }] },
      },
      origin: `${origin}.ingress`,
    });
    assert.equal(gatewayIngress(name, {}), undefined);
  });

  it('has the hosts, class, port, certificate, name and annotations of the settings', () => {
    const ingress = {
      name: 'front',
      className: 'traefik',
      hosts: ['a', 'b'],
      port: 8080,
      tlsSecret: 'cert',
      annotations: { x: 'y' },
    };
    assert.deepEqual(gatewayIngress(name, { namespace: 'edge', ingress })?.object, {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'front', namespace: 'edge', annotations: { x: 'y' } },
      spec: {
        ingressClassName: 'traefik',
        rules: [
          { host: 'a', http: path(8080) },
          { host: 'b', http: path(8080) },
        ],
        tls: [{ hosts: ['a', 'b'], secretName: 'cert' }],
      },
    });
    assert.deepEqual(gatewayIngress(name, { ingress: { tlsSecret: 'cert' } })?.object.spec?.['tls'], [
      { secretName: 'cert' },
    ]);
  });
});

describe('gatewayCertificate', () => {
  it('uses the stack’s own issuer, or the named one', () => {
    const certificate = { dnsNames: ['a'] };
    assert.deepEqual(gatewayCertificate(name, { certificate }, 'selfsigned'), {
      object: {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Certificate',
        metadata: { name: `${name}-cert`, namespace: 'istio-ingress' },
        spec: {
          secretName: `${name}-cert`,
          dnsNames: ['a'],
          issuerRef: { group: 'cert-manager.io', kind: 'ClusterIssuer', name: 'selfsigned' },
        },
      },
      origin: `${origin}.certificate`,
    });
    const named = { ...certificate, secretName: 'tls', issuer: { name: 'acme', kind: 'Issuer' as const } };
    assert.deepEqual(gatewayCertificate(name, { certificate: named }, 'selfsigned')?.object.spec, {
      secretName: 'tls',
      dnsNames: ['a'],
      issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: 'acme' },
    });
    assert.equal(gatewayCertificate(name, {}, 'selfsigned'), undefined);
  });
});
