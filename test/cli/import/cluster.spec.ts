import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { givenByCluster } from '../../../cli/import/input';
import { imported } from '../../../cli/import/import';
import { intake } from '../../../cli/import/intake';
import { temporaryFolder } from '../support';

const metadata = (name: string, namespace?: string): object => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  uid: '1b',
  resourceVersion: '7',
  managedFields: [{ manager: 'kubectl' }],
});

/** Lists by path, as an API server has them. */
const lists: Record<string, object[]> = {
  '/api/v1/namespaces': [
    {
      metadata: {
        ...metadata('shop'),
        labels: { 'istio-injection': 'enabled', 'kubernetes.io/metadata.name': 'shop' },
      },
    },
    { metadata: metadata('kube-system') },
    { metadata: metadata('other') },
  ],
  '/apis/networking.istio.io/v1/virtualservices': [
    {
      metadata: metadata('pay', 'shop'),
      spec: { hosts: ['pay'], http: [{ route: [{ destination: { host: 'pay' } }] }] },
      status: { conditions: [] },
    },
  ],
};

const resource = (name: string, kind: string, scope: string): object => ({
  resource: name,
  responseKind: { kind },
  scope,
});
const discovery: Record<string, object> = {
  '/api': {
    items: [
      {
        metadata: { name: '' },
        versions: [
          {
            version: 'v1',
            resources: [resource('namespaces', 'Namespace', 'Cluster'), resource('secrets', 'Secret', 'Namespaced')],
          },
        ],
      },
    ],
  },
  '/apis': {
    items: [
      {
        metadata: { name: 'networking.istio.io' },
        versions: [{ version: 'v1', resources: [resource('virtualservices', 'VirtualService', 'Namespaced')] }],
      },
    ],
  },
};

describe('an import from a cluster', () => {
  const root = temporaryFolder();
  const asked: string[] = [];
  let server: Server;
  let kubeconfig = '';

  before(async () => {
    server = createServer((request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      asked.push(`${request.method ?? ''} ${path}`);
      const body = discovery[path] ?? (lists[path] === undefined ? undefined : { items: lists[path] });
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    kubeconfig = join(root.path, 'kubeconfig');
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      kubeconfig,
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': 'test',
        clusters: [{ name: 'test', cluster: { server: address } }],
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
        users: [{ name: 'test', user: {} }],
      }),
    );
  });

  after(() => server.close());

  it("reads Istio's kinds and the namespaces of the mesh, and nothing else; changes nothing", async () => {
    const progress: string[] = [];
    const given = await givenByCluster({ kubeconfig }, undefined, (done, all) => progress.push(`${done}/${all}`));
    const { text, proof } = imported(intake(given), { file: 'x', text: undefined, force: false });
    assert.equal(
      text,
      `config:
  meshwright:namespaces:
    shop:
      existing: true
      injection: true
  meshwright:routes:
    shop:
      pay: { http: [ {} ] }
`.replace('pay: { http: [ {} ] }', 'pay:\n        http: [ {} ]'),
    );
    assert.deepEqual([proof.objects, proof.differing, proof.missing, proof.traffic], [2, [], [], 'same']);
    assert.deepEqual(progress, ['1/1']);
    assert.deepEqual(
      asked.filter((one) => !one.startsWith('GET ')),
      [],
    );
    assert.ok(!asked.some((one) => one.includes('secrets')));
  });
});
