import assert from 'node:assert/strict';
import { addonObjects } from '../../../../mesh/manifests/addons/addons';
import type { AddonsSettings } from '../../../../mesh/manifests/addons/settings';
import type { GatewaySettings } from '../../../../mesh/manifests/settings';

function exposed(addons: AddonsSettings, gateways: Record<string, GatewaySettings> = {}) {
  return addonObjects(addons, {}, gateways).filter(({ origin }) => /\.(ingress|gateway)$/.test(origin));
}

/** Service and port that an Ingress of the addon leads to. */
function backend(name: 'prometheus' | 'grafana' | 'kiali' | 'jaeger' | 'zipkin', addons: AddonsSettings): unknown {
  const [ingress] = exposed({ ...addons, [name]: { ingress: { host: 'h' } } });
  const { rules } = ingress?.object.spec as {
    rules: { http: { paths: { backend: { service: { name: string; port: { number: number } } } }[] } }[];
  };
  const service = rules[0]?.http.paths[0]?.backend.service;
  return `${service?.name ?? ''}:${service?.port.number ?? ''}`;
}

describe('an addon’s Ingress', () => {
  it('routes its host to the addon', () => {
    assert.deepEqual(exposed({ grafana: { ingress: { host: 'grafana.example' } } }), [
      {
        object: {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: { name: 'grafana-ingress', namespace: 'istio-system' },
          spec: {
            rules: [
              {
                host: 'grafana.example',
                http: {
                  paths: [
                    {
                      path: '/',
                      pathType: 'Prefix',
                      backend: { service: { name: 'grafana', port: { number: 3000 } } },
                    },
                  ],
                },
              },
            ],
          },
        },
        origin: 'meshwright:addons.grafana.ingress',
      },
    ]);
  });

  it('has the class, certificate, name and annotations of the settings', () => {
    const ingress = { name: 'front', host: 'h', className: 'traefik', tlsSecret: 'cert', annotations: { a: 'b' } };
    const [rendered] = exposed({ namespace: 'telemetry', kiali: { ingress } });
    assert.deepEqual(rendered?.object.metadata, { name: 'front', namespace: 'telemetry', annotations: { a: 'b' } });
    assert.deepEqual(rendered.object.spec, {
      ingressClassName: 'traefik',
      rules: [
        {
          host: 'h',
          http: {
            paths: [
              { path: '/', pathType: 'Prefix', backend: { service: { name: 'kiali', port: { number: 20001 } } } },
            ],
          },
        },
      ],
      tls: [{ hosts: ['h'], secretName: 'cert' }],
    });
  });

  it('routes to the Service of each addon, and to tracing for the tracing backend', () => {
    assert.equal(backend('prometheus', {}), 'prometheus:9090');
    assert.equal(backend('grafana', {}), 'grafana:3000');
    assert.equal(backend('kiali', {}), 'kiali:20001');
    assert.equal(backend('jaeger', {}), 'tracing:80');
    assert.equal(backend('zipkin', {}), 'tracing:80');
    assert.equal(backend('zipkin', { jaeger: {} }), 'zipkin-server:9411');
    assert.equal(backend('jaeger', { zipkin: {}, tracing: { backend: 'zipkin' } }), 'jaeger:16686');
  });
});

describe('an addon at a gateway', () => {
  it('has a Gateway with TLS and a VirtualService', () => {
    const gateway = { host: 'kiali.example', credentialName: 'kiali-cert' };
    const metadata = { name: 'kiali-gateway', namespace: 'istio-system' };
    assert.deepEqual(
      exposed({ kiali: { gateway } }, { 'istio-ingressgateway': {} }).map(({ object }) => object),
      [
        {
          apiVersion: 'networking.istio.io/v1',
          kind: 'Gateway',
          metadata,
          spec: {
            selector: { istio: 'ingressgateway' },
            servers: [
              {
                port: { number: 443, name: 'https', protocol: 'HTTPS' },
                hosts: ['kiali.example'],
                tls: { mode: 'SIMPLE', credentialName: 'kiali-cert' },
              },
            ],
          },
        },
        {
          apiVersion: 'networking.istio.io/v1',
          kind: 'VirtualService',
          metadata,
          spec: {
            hosts: ['kiali.example'],
            gateways: ['kiali-gateway'],
            http: [{ route: [{ destination: { host: 'kiali', port: { number: 20001 } } }] }],
          },
        },
      ],
    );
  });

  it('has plain HTTP only if the settings ask for it, on the named gateway, by its labels', () => {
    const gateway = { host: 'g', gateway: 'edge', insecure: true };
    const [server] = exposed({ grafana: { gateway } }, { edge: { labels: { app: 'edge' } } });
    assert.deepEqual(server?.object.spec, {
      selector: { app: 'edge' },
      servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['g'] }],
    });
  });
});
