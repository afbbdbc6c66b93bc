import assert from 'node:assert/strict';
import { gatewayLines } from '../../../cli/start/summary';
import type { StackSettings } from '../../../mesh/manifests/settings';

const stack = (hosts: string[]): StackSettings => ({
  gateways: { edge: {}, inner: {} },
  routes: {
    shop: {
      cart: { http: [{ match: [{ uri: { exact: '/inside' } }] }] },
      front: { gateways: ['edge-gateway'], hosts, http: [{ match: [{ uri: { prefix: '/shop' } }] }] },
    },
  },
});
const nodePort = { namespace: 'istio-ingress', service: 'edge', port: 80, nodePort: 30080, address: '127.0.0.1:30080' };

describe('gatewayLines', () => {
  it('is the address that answers, with a path that the route matches', () => {
    const https = { ...nodePort, port: 443, nodePort: 30443, address: '127.0.0.1:30443' };
    assert.deepEqual(gatewayLines(stack(['*']), [https, nodePort]), ['edge  http://127.0.0.1:30080/shop']);
  });

  it('includes the host that the route matches', () => {
    assert.deepEqual(gatewayLines(stack(['shop.example']), [nodePort]), [
      "edge  curl -H 'Host: shop.example' http://127.0.0.1:30080/shop",
    ]);
  });

  it('says when another program has the node port', () => {
    assert.deepEqual(gatewayLines(stack(['*']), [{ ...nodePort, address: '127.0.0.1:41000' }]), [
      'edge  http://127.0.0.1:41000/shop (another program on this machine uses port 30080)',
    ]);
  });

  it('is / for a gateway without a route', () => {
    assert.deepEqual(gatewayLines({ gateways: { edge: {} } }, [nodePort]), ['edge  http://127.0.0.1:30080/']);
  });
});
