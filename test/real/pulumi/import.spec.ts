import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { givenByFiles } from '../../../cli/import/input';
import { intake } from '../../../cli/import/intake';
import { labDown, labUp, type Lab } from '../../../cluster/lab';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { firstUpdate } from './support/first-update';
import { RealStack } from './support/real-stack';

/** Every form of a route, one rule that no route can have, and kinds without a section. */
const mesh = `
apiVersion: networking.istio.io/v1beta1
kind: Gateway
metadata: { name: public, namespace: shop }
spec: { selector: { istio: edge }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }
---
apiVersion: networking.istio.io/v1alpha3
kind: VirtualService
metadata: { name: till-route, namespace: shop, labels: { team: a } }
spec:
  hosts: [till.example.com, till]
  gateways: [public, mesh]
  http:
    - match: [{ headers: { end-user: { exact: jason } } }]
      route: [{ destination: { host: till.shop.svc.cluster.local, subset: v2 } }]
    - timeout: 5s
      route:
        - { destination: { host: till.shop.svc.cluster.local, subset: v1 }, weight: 90 }
        - { destination: { host: till.shop.svc.cluster.local, subset: v2 }, weight: 10 }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: rules, namespace: shop }
spec:
  host: till
  trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } }
  subsets: [{ name: v2, labels: { version: v2 } }, { name: v1, labels: { version: v1 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: pay, namespace: shop, finalizers: [example.com/held] }
spec: { hosts: [pay], http: [{ route: [{ destination: { host: pay, subset: v1 } }] }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: pay, namespace: shop }
spec: { host: pay, subsets: [{ name: v1, labels: { version: v1 } }] }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: bank, namespace: shop }
spec:
  hosts: [bank.example.com]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{ number: 443, name: tls, protocol: TLS }]
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: { name: default, namespace: shop }
spec: { mtls: { mode: STRICT } }
`;

describe('the first update of an imported stack, with the real Pulumi on a real API server', function () {
  this.timeout(600_000);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-lab-'));
  let lab: Lab;
  let stack: RealStack;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await labUp({ root, log: (line) => console.log(`      ${line}`) });
    await installIstioCrds(lab);
    stack = new RealStack(lab, 'imported');
  });

  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
    stack.remove();
  });

  it('creates, replaces and deletes nothing, and does not write routes', async () => {
    const file = join(root, 'mesh.yaml');
    writeFileSync(file, mesh);
    const { written, ...others } = await firstUpdate(lab, stack, intake(givenByFiles([file], true)));
    assert.deepEqual(others, { operations: { import: 6, update: 6 }, changed: [], second: [] });
    // Only their field managers change.
    assert.deepEqual(written.sort(), [
      'DestinationRule shop/pay',
      'Gateway shop/public',
      'PeerAuthentication shop/default',
      'ServiceEntry shop/bank',
      'VirtualService shop/pay',
    ]);
  });

  it('is left by a release: the state is empty', async () => {
    assert.match(await stack.release(), /^released: the cluster keeps 7 objects, and imported has none$/m);
    assert.deepEqual(await stack.types(), []);
  });
});
