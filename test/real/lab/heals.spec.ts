import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { counts } from '../scenarios/counts';
import { until } from '../traffic/child';
import { whenLong } from '../../support/long';
import { Stage } from '../scenarios/stage';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

/** Processes of the lab: the program, and an argument that identifies it. */
const processes: [name: string, program: string, argument: string][] = [
  ['istiod', 'pilot-discovery', '--kubeconfig='],
  ['the gateway’s Envoy', 'envoy', 'istio-ingressgateway'],
  ['a sidecar', 'envoy', 'customer'],
  ['lab-node', 'lab-node', '--folder='],
  ['kwok', 'kwok', '--kubeconfig='],
  ['etcd', 'etcd', '--data-dir='],
  ['the API server', 'kube-apiserver', '--client-ca-file='],
];

/** Listens on the first free port of the range that Kubernetes uses for node ports. */
function takeNodePort(port = 30100): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve) => {
    server.once('error', () => resolve(takeNodePort(port + 1)));
    server.listen(port, '127.0.0.1', () => resolve({ server, port }));
  });
}

describe('a lab with a stack on it', function () {
  this.timeout(600_000);
  let stage: Stage;
  let taken: { server: Server; port: number };
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    taken = await takeNodePort();
    stage = await Stage.start(this, 'tutorial');
    await stage.to('002/90-10', {
      'meshwright:gateways': {
        'istio-ingressgateway': { service: { type: 'NodePort', nodePorts: { http2: taken.port } } },
      },
    });
  });
  after(async () => {
    await stage?.stop();
    taken.server.close();
  });

  const answers = () => counts(20, async () => String((await stage.atGateway('/customer')).status));

  it('answers on another port when a program has taken the node port', async () => {
    const { nodePorts } = await stage.status();
    const gateway = nodePorts.find(({ port }) => port === 80);
    assert.notEqual(gateway?.address, `127.0.0.1:${taken.port}`);
    assert.deepEqual(await answers(), { '200': 20 });
  });

  for (const [name, program, argument] of processes) {
    it(`is repaired by the next start when ${name} was killed`, async () => {
      await stage.kill(program, argument);
      await stage.restart();
      await until('answers', async () => ((await answers())['200'] === 20 ? true : undefined), undefined, 20);
      assert.deepEqual(await answers(), { '200': 20 });
      assert.equal(await stage.changes(), 0);
    });
  }

  // Nodes become NotReady after 40 s without a sign of life.
  whenLong('is repaired when kwok was dead until its nodes were not Ready', async () => {
    const nodes = () =>
      stage.kubectl('get', 'nodes', '--output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}');
    await stage.kill('kwok', '--kubeconfig=');
    await until(
      'nodes that are not Ready',
      async () => ((await nodes()).includes('True') ? undefined : true),
      undefined,
      200,
    );
    await stage.restart();
    await stage.kubectl('wait', 'nodes', '--all', '--for=condition=Ready', '--timeout=60s');
    await stage.kubectl('wait', 'pods', '--all', '--all-namespaces', '--for=condition=Ready', '--timeout=60s');
    await until('answers', async () => ((await answers())['200'] === 20 ? true : undefined), undefined, 20);
    assert.equal(await stage.changes(), 0);
  });

  it('gives a new pod an Envoy before it is Ready, and removes it with the pod', async () => {
    await stage.kubectl('delete', 'pod', '--namespace', 'tutorial', '--selector', 'app=customer', '--wait');
    await stage.kubectl('rollout', 'status', 'deployment/customer', '--namespace', 'tutorial', '--timeout=60s');
    // Until the gateway has the new address from istiod.
    await until('the new pod', async () => ((await answers())['200'] === 20 ? true : undefined), undefined, 20);
    assert.deepEqual(await answers(), { '200': 20 });
    const { pods } = await stage.status();
    assert.equal(pods.filter(({ workload }) => workload === 'customer').length, 1);
  });

  it('shows the logs of istiod, and refuses what istiod does not accept', async () => {
    const log = await stage.kubectl('logs', '--namespace', 'istio-system', 'deployment/istiod', '--tail=3');
    assert.equal(log.trim().split('\n').length, 3);
    await assert.rejects(
      stage.apply({
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'bad', namespace: 'tutorial' },
        spec: { hosts: ['customer'], http: [{ route: [{ destination: { host: 'customer' }, weight: -1 }] }] },
      }),
      /admission webhook "validation\.istio\.io" denied the request/,
    );
  });
});
