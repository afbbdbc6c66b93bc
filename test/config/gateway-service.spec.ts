import assert from 'node:assert/strict';
import { problemsOf } from './support';

const at = (below: string) => `meshwright:gateways.gw.${below}`;
const gateway = (settings: unknown, sections: object = {}) => problemsOf({ gateways: { gw: settings }, ...sections });
const http = { name: 'http', port: 80 };

describe('the Service of a gateway', () => {
  it('may have its own ports, node ports for them, and an Ingress in front of one of them', () => {
    const service = {
      type: 'NodePort',
      ports: [http, { name: 'udp', port: 80, protocol: 'UDP' }],
      nodePorts: { http: 30080, udp: 30081 },
    };
    assert.deepEqual(gateway({ service, ingress: {} }), []);
    assert.deepEqual(gateway({ service: { nodePorts: { http2: 30080, https: 30443, 'status-port': 30021 } } }), []);
  });

  it('fails with ports outside their range', () => {
    const message = 'must be a port, a whole number from 1 to 65535';
    const service = { ports: [{ ...http, port: 0, targetPort: 65536 }], nodePorts: { http: 1.5 } };
    assert.deepEqual(gateway({ service }), [
      { path: at('service.ports[0].port'), value: 0, message },
      { path: at('service.ports[0].targetPort'), value: 65536, message },
      { path: at('service.nodePorts.http'), value: 1.5, message },
    ]);
  });

  it('fails without a port', () => {
    const message = 'must name at least one port; remove the key for none';
    assert.deepEqual(gateway({ service: { ports: [] } }), [{ path: at('service.ports'), value: [], message }]);
  });

  it('fails with a type that Kubernetes does not have', () => {
    const message = 'must be "ClusterIP", "NodePort" or "LoadBalancer"';
    assert.deepEqual(gateway({ service: { type: 'Loadbalancer' } }), [
      { path: at('service.type'), value: 'Loadbalancer', message, hint: 'did you mean "LoadBalancer"?' },
    ]);
  });

  it('fails with two ports of one name or number', () => {
    assert.deepEqual(gateway({ service: { ports: [http, { name: 'http', port: 80 }] } }), [
      {
        path: at('service.ports[1].name'),
        value: 'http',
        message: 'port name "http" is used by an earlier port; give each port its own name',
      },
      {
        path: at('service.ports[1].port'),
        value: 80,
        message: 'port 80/TCP is used by an earlier port; list each port once',
      },
    ]);
  });

  it('fails with node ports for missing ports, and with one node port for two ports', () => {
    const service = { type: 'NodePort', nodePorts: { http: 30080, https: 30080 } };
    assert.deepEqual(gateway({ service }), [
      {
        path: at('service.nodePorts.http'),
        value: 30080,
        message: 'the service has no port "http"; its ports are status-port, http2, https',
      },
      {
        path: at('service.nodePorts.https'),
        value: 30080,
        message: 'node port 30080 is already assigned to another port',
      },
    ]);
    assert.deepEqual(
      gateway({ service: { ports: [{ name: 'grpc-web', port: 80 }], nodePorts: { 'grcp-web': 30080 } } }),
      [
        {
          path: at('service.nodePorts.grcp-web'),
          value: 30080,
          message: 'the service has no port "grcp-web"; its ports are grpc-web',
          hint: 'did you mean "grpc-web"?',
        },
      ],
    );
  });

  it('fails with node ports as a ClusterIP', () => {
    assert.deepEqual(gateway({ service: { type: 'ClusterIP', nodePorts: { http2: 30080 } } }), [
      {
        path: at('service.nodePorts'),
        value: { http2: 30080 },
        message: 'a ClusterIP service has no node ports; use type NodePort or LoadBalancer',
      },
    ]);
  });

  it('is not compared with broken ports', () => {
    const service = { ports: [{ name: 'http', port: '80' }], nodePorts: { http: 30080 } };
    assert.deepEqual(gateway({ service, ingress: { port: 8080 } }), [
      {
        path: at('service.ports[0].port'),
        value: '80',
        message: 'must be a port, a whole number from 1 to 65535',
        hint: 'quotes make it a string: write 80',
      },
    ]);
  });
});

describe('the Ingress in front of a gateway', () => {
  it('fails with a port that the Service does not have', () => {
    const message = "the gateway's service has no port 8080; its ports are 15021, 80, 443";
    assert.deepEqual(gateway({ ingress: { port: 8080 } }), [{ path: at('ingress.port'), value: 8080, message }]);
  });

  it('fails with the default port if the Service has only others', () => {
    const message = "the gateway's service has no port 80; its ports are 8080";
    assert.deepEqual(gateway({ service: { ports: [{ name: 'http', port: 8080 }] }, ingress: {} }), [
      { path: at('ingress.port'), message },
    ]);
  });

  it('may use any port if chart values or another owner define the ports', () => {
    assert.deepEqual(gateway({ ingress: { port: 8080 }, values: { service: { ports: [] } } }), []);
    assert.deepEqual(gateway({ install: false, ingress: { port: 8080 } }), []);
  });
});

describe('the certificate of a gateway', () => {
  const certificate = { dnsNames: ['shop.example.com'] };

  it('fails without an issuer', () => {
    const message = 'no issuer: set issuer.name, or enable meshwright:addons.certManager, which creates one';
    assert.deepEqual(gateway({ certificate }), [{ path: at('certificate'), value: certificate, message }]);
  });

  it('is issued by the named issuer, or by the stack’s own cert-manager', () => {
    assert.deepEqual(gateway({ certificate: { ...certificate, issuer: { name: 'letsencrypt' } } }), []);
    assert.deepEqual(gateway({ certificate }, { addons: { certManager: {} } }), []);
  });
});
