import assert from 'node:assert/strict';
import { gatewayConflict } from '../../../policy/rules/gateway-conflict';
import { deployment, finding, gateway, judged } from '../mesh-objects';

const serving = (name: string, host: string, fields: object = {}, metadata = {}) =>
  gateway(
    name,
    {
      selector: { istio: 'ingress' },
      servers: [
        {
          port: { number: 443, name: 'https', protocol: 'HTTPS' },
          hosts: [host],
          tls: { mode: 'SIMPLE', credentialName: name },
          ...fields,
        },
      ],
    },
    metadata,
  );

describe('gateway-conflict', () => {
  it('refuses one host on one port of the same pods', () => {
    assert.deepEqual(
      judged(gatewayConflict, [
        serving('a', 'shop.example.com'),
        serving('b', '*/Shop.example.com', {}, { namespace: 'shop' }),
      ]),
      [
        finding(
          gatewayConflict,
          'Gateway bookinfo/a',
          'spec.servers[0].hosts[0]',
          'host shop.example.com on port 443 of istio=ingress is served by Gateway shop/b (shop.example.com) too; let one Gateway serve it, or give each its own host, port or workload',
        ),
        finding(
          gatewayConflict,
          'Gateway shop/b',
          'spec.servers[0].hosts[0]',
          'host shop.example.com on port 443 of istio=ingress is served by Gateway bookinfo/a (shop.example.com) too; let one Gateway serve it, or give each its own host, port or workload',
        ),
      ],
    );
  });

  it('accepts different hosts, ports, pods and addresses', () => {
    assert.deepEqual(
      judged(gatewayConflict, [
        serving('a', 'a.example.com'),
        serving('b', 'b.example.com'),
        serving('c', 'a.example.com', { port: { number: 8443, name: 'https', protocol: 'HTTPS' } }),
        serving('d', 'a.example.com', { bind: '10.0.0.1' }),
        gateway('e', {
          selector: { istio: 'other' },
          servers: [{ port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['a.example.com'] }],
        }),
      ]),
      [],
    );
  });

  it('accepts one host for the VirtualServices of two namespaces', () => {
    assert.deepEqual(judged(gatewayConflict, [serving('a', 'shop/*'), serving('b', 'blog/*')]), []);
  });

  it('advises on a wildcard that covers a host', () => {
    assert.deepEqual(judged(gatewayConflict, [serving('a', '*.example.com'), serving('b', 'shop.example.com')]), [
      finding(
        gatewayConflict,
        'Gateway bookinfo/b',
        'spec.servers[0].hosts[0]',
        'host shop.example.com on port 443 of istio=ingress is served by Gateway bookinfo/a (*.example.com) too; let one Gateway serve it, or give each its own host, port or workload',
        'advisory',
      ),
    ]);
  });

  it('notices that a wider selector selects the same pods', () => {
    assert.deepEqual(
      judged(gatewayConflict, [
        serving('a', 'shop.example.com'),
        gateway('b', {
          selector: { istio: 'ingress', app: 'gw' },
          servers: [{ port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['shop.example.com'] }],
        }),
      ]),
      [
        finding(
          gatewayConflict,
          'Gateway bookinfo/a',
          'spec.servers[0].hosts[0]',
          'host shop.example.com on port 443 of istio=ingress is served by Gateway bookinfo/b (shop.example.com) too; let one Gateway serve it, or give each its own host, port or workload',
        ),
        finding(
          gatewayConflict,
          'Gateway bookinfo/b',
          'spec.servers[0].hosts[0]',
          'host shop.example.com on port 443 of app=gw, istio=ingress is served by Gateway bookinfo/a (shop.example.com) too; let one Gateway serve it, or give each its own host, port or workload',
        ),
      ],
    );
  });

  it('notices pods that both select, and only then', () => {
    assert.deepEqual(
      judged(gatewayConflict, [
        deployment('ingress', 'v1'),
        gateway('a', {
          selector: { app: 'ingress' },
          servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
        }),
        gateway('b', {
          selector: { version: 'v1' },
          servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
        }),
        gateway('c', {
          selector: { version: 'v2' },
          servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }],
        }),
      ]),
      [
        finding(
          gatewayConflict,
          'Gateway bookinfo/a',
          'spec.servers[0].hosts[0]',
          'host * on port 80 of app=ingress is served by Gateway bookinfo/b (*) too; let one Gateway serve it, or give each its own host, port or workload',
        ),
        finding(
          gatewayConflict,
          'Gateway bookinfo/b',
          'spec.servers[0].hosts[0]',
          'host * on port 80 of version=v1 is served by Gateway bookinfo/a (*) too; let one Gateway serve it, or give each its own host, port or workload',
        ),
      ],
    );
  });
});
