import assert from 'node:assert/strict';
import { gatewayWorkloadPort } from '../../../policy/rules/gateway-workload-port';
import { deployment, finding, gateway, judged, object, service } from '../mesh-objects';

const edge = (port: number, selector: object = { app: 'ingress' }) =>
  gateway('edge', { selector, servers: [{ port: { number: port, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }] });

describe('gateway-workload-port', () => {
  it('refuses a port that no Service of the pods opens', () => {
    assert.deepEqual(
      judged(gatewayWorkloadPort, [service('ingress', [80, 443]), deployment('ingress', 'v1'), edge(8080)]),
      [
        finding(
          gatewayWorkloadPort,
          'Gateway bookinfo/edge',
          'spec.servers[0].port.number',
          'no Service of the pods with app=ingress opens port 8080, so it cannot be reached; open are 80, 443. Use one of them, or add the port to the Service',
        ),
      ],
    );
  });

  it('accepts ports and target ports of the Service', () => {
    assert.deepEqual(
      judged(gatewayWorkloadPort, [
        object('v1', 'Service', 'ingress', { selector: { app: 'ingress' }, ports: [{ port: 80, targetPort: 8080 }] }),
        deployment('ingress', 'v1'),
        edge(80),
        gateway('inner', {
          selector: { app: 'ingress' },
          servers: [{ port: { number: 8080, name: 'http', protocol: 'HTTP' }, hosts: ['a.example.com'] }],
        }),
      ]),
      [],
    );
  });

  it('reports nothing about a selector whose pods another stack may bring', () => {
    assert.deepEqual(
      judged(gatewayWorkloadPort, [
        service('reviews'),
        deployment('reviews', 'v1'),
        edge(80, { istio: 'ingressgateway' }),
      ]),
      [],
    );
  });

  it('refuses it when the gateway workloads are known', () => {
    assert.deepEqual(
      judged(gatewayWorkloadPort, [edge(80, { istio: 'ingressgatewy' })], {
        gatewayWorkloads: [{ namespace: 'istio-ingress', labels: { istio: 'ingressgateway' } }],
      }),
      [
        finding(
          gatewayWorkloadPort,
          'Gateway bookinfo/edge',
          'spec.selector',
          'no gateway workload carries the labels istio=ingressgatewy, so this Gateway configures nothing; gateway workloads carry istio=ingressgateway',
        ),
      ],
    );
  });

  it('knows the ports of declared gateway workloads', () => {
    assert.deepEqual(
      judged(gatewayWorkloadPort, [edge(8080, { istio: 'ingressgateway' })], {
        gatewayWorkloads: [
          {
            namespace: 'istio-ingress',
            labels: { istio: 'ingressgateway', app: 'x' },
            ports: [{ port: 80, targetPort: 80 }, { port: 15021 }],
          },
        ],
      }),
      [
        finding(
          gatewayWorkloadPort,
          'Gateway bookinfo/edge',
          'spec.servers[0].port.number',
          'no Service of the pods with istio=ingressgateway opens port 8080, so it cannot be reached; open are 80, 15021. Use one of them, or add the port to the Service',
        ),
      ],
    );
  });

  it('reports nothing about ports when no Service is known', () => {
    assert.deepEqual(judged(gatewayWorkloadPort, [deployment('ingress', 'v1'), edge(8080)]), []);
  });

  it('reports no missing pods if unlisted workloads may exist', () => {
    assert.deepEqual(
      judged(gatewayWorkloadPort, [edge(80, { istio: 'ingressgatewy' })], {
        gatewayWorkloads: [],
        externals: { workloads: ['*'] },
      }),
      [],
    );
  });
});
