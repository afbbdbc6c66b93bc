import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError, ClusterError, Connection, KubernetesApi, type Kinds } from '../../../cluster/api';
import { apiError } from '../../../cluster/api/errors';
import { parseKinds } from '../../../cluster/api/kubernetes-api';
import { ensurePki, writeKubeconfig } from '../../../cluster/lab/processes/pki';

describe('a connection to an API server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-connection-'));
  let server: Server;
  let connection: Connection;
  let requests = 0;

  before(async () => {
    const { pki } = await ensurePki(join(folder, 'pki'));
    const [cert, key] = [readFileSync(pki.server.certificate), readFileSync(pki.server.key)];
    // An API server that sets up its storage: it refuses the first two requests of a test, and every request for /busy.
    server = createServer({ cert, key }, ({ url }, response) => {
      requests += 1;
      if (url === '/dropped' && requests === 1) return void response.destroy();
      const isBusy = url === '/busy' || requests <= 2;
      response.statusCode = isBusy ? 429 : 200;
      if (url === '/later') response.setHeader('retry-after', '0');
      response.end(JSON.stringify({ message: isBusy ? 'storage is (re)initializing' : 'here' }));
    });
    // On a slow machine the server would close a connection while the client pauses.
    server.keepAliveTimeout = 0;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const kubeconfig = join(folder, 'kubeconfig');
    const { port } = server.address() as AddressInfo;
    await writeKubeconfig(kubeconfig, `https://127.0.0.1:${port}`, pki, 'admin');
    connection = Connection.open({ kubeconfig });
  });

  beforeEach(() => (requests = 0));

  after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const path of ['/later', '/dropped']) {
    it(`sends a request again: ${path}`, async () => {
      assert.deepEqual([(await connection.send({ method: 'GET', path })).body, requests], [{ message: 'here' }, 3]);
    });
  }

  it('gives up after some time if the response names none', async function () {
    this.timeout(20_000);
    assert.deepEqual(
      [await connection.send({ method: 'GET', path: '/busy' }), requests],
      [{ status: 429, body: { message: 'storage is (re)initializing' } }, 5],
    );
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    const sent = connection.send({ method: 'GET', path: '/busy' }, stop.signal);
    stop.abort(new Error('cancelled'));
    await assert.rejects(sent, (error: Error) => {
      assert.match(`${error.message} ${(error.cause as Error | undefined)?.message ?? ''}`, /cancelled/);
      return true;
    });
  });

  it('names the API server that does not answer', async () => {
    const kubeconfig = readFileSync(join(folder, 'kubeconfig'), 'utf8').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1');
    await assert.rejects(Connection.open({ kubeconfig }).send({ method: 'GET', path: '/' }), {
      name: 'ClusterError',
      problem: 'no-cluster',
      message: 'the API server https://127.0.0.1:1 does not answer: connect ECONNREFUSED 127.0.0.1:1',
    });
  });
});

/** An API server that serves these paths, and counts the requests for each. */
function stub(bodies: Record<string, unknown>): { api: KubernetesApi; paths: string[] } {
  const paths: string[] = [];
  const send: Connection['send'] = ({ path }) => {
    paths.push(path);
    const body = bodies[path];
    return Promise.resolve(body === undefined ? { status: 404, body: {} } : { status: 200, body });
  };
  return { api: new KubernetesApi({ send, server: '' }), paths };
}

const group = (name: string, version: string, kind: string, resource: string, scope = 'Namespaced') => ({
  metadata: { name },
  versions: [{ version, resources: [{ resource, responseKind: { kind }, scope }] }],
});

describe('the Kubernetes API', () => {
  const core = { items: [{ ...group('', 'v1', 'Pod', 'pods'), metadata: {} }] };
  const groups = {
    items: [group('apps', 'v1', 'Deployment', 'deployments'), group('x.io', 'v2', 'Node', 'nodes', 'Cluster')],
  };
  const kinds: Kinds = new Map([
    ['Pod', { plural: 'pods', namespaced: true, apiVersions: ['v1'] }],
    ['Deployment.apps', { plural: 'deployments', namespaced: true, apiVersions: ['apps/v1'] }],
    ['Node.x.io', { plural: 'nodes', namespaced: false, apiVersions: ['x.io/v2'] }],
  ]);

  it('knows the kinds of all groups', () => assert.deepEqual(parseKinds(core, groups), kinds));

  it('finds an object by its kind, and discovers kinds once', async () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'shop', name: 'web' } };
    const node = { apiVersion: 'x.io/v2', kind: 'Node', metadata: { name: 'a' } };
    const { api, paths } = stub({
      '/api': core,
      '/apis': groups,
      '/api/v1/namespaces/shop/pods/web': { ...pod, status: {} },
      '/apis/x.io/v2/nodes/a': { metadata: { name: 'a' } },
    });
    assert.deepEqual(
      [await api.get(pod), await api.get(node), await api.get({ ...node, metadata: { name: 'b' } })],
      [{ ...pod, status: {} }, node, undefined],
    );
    assert.deepEqual(paths, [
      '/api',
      '/apis',
      '/api/v1/namespaces/shop/pods/web',
      '/apis/x.io/v2/nodes/a',
      '/apis/x.io/v2/nodes/b',
    ]);
  });

  it('looks up a missing kind again, as an update may bring it', async () => {
    const bodies: Record<string, unknown> = { '/api': core, '/apis': { items: [] } };
    const { api } = stub(bodies);
    assert.deepEqual(await api.list('Deployment.apps'), []);
    bodies['/apis'] = groups;
    bodies['/apis/apps/v1/namespaces/shop/deployments?labelSelector=app%3Dweb'] = {
      items: [{ metadata: { name: 'web' } }],
    };
    assert.deepEqual(await api.list('Deployment.apps', { namespace: 'shop', labelSelector: 'app=web' }), [
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
    ]);
  });
});

describe('an error of the API server', () => {
  const errors: [string, number, unknown, string][] = [
    ['has the message of the server', 409, { message: 'it has changed' }, 'it has changed'],
    ['without a message has its status', 500, undefined, 'the API server answers 500'],
    ['for missing rights says so', 403, { reason: 'Forbidden', message: 'no' }, 'not allowed: no'],
    [
      'for an unknown kind asks for the CRDs',
      404,
      { message: 'the server could not find the requested resource' },
      'the cluster does not know this kind: are the CRDs of Istio installed?',
    ],
    [
      'for an invalid object lists its fields, without repetitions',
      422,
      {
        reason: 'Invalid',
        message: 'is invalid',
        details: {
          causes: [
            { field: 'spec.a', message: 'too long' },
            { field: 'spec.a', message: 'too long' },
            { field: 'spec.b', message: 'required' },
            { field: '<nil>', message: 'some rules were not checked' },
          ],
        },
      },
      '* spec.a: too long\n    * spec.b: required',
    ],
  ];
  for (const [title, status, body, message] of errors) {
    it(title, () => {
      const error = apiError(status, body);
      assert.ok(error instanceof ApiError && error instanceof ClusterError);
      assert.deepEqual([error.problem, error.status, error.message], ['refused', status, message]);
    });
  }
});
