import assert from 'node:assert/strict';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ClusterError } from '../../cluster/api';
import { UserError } from '../../cli/errors';
import type { LiveRoute } from '../../cli/live/routes';
import { liveServer } from '../../cli/live/server';

const route = (name: string, live: boolean): LiveRoute => ({
  route: name,
  config: ['v1 90 %, v3 10 %'],
  api: ['v1 90 %, v3 10 %'],
  proxies: [],
  live,
});

/** Requests as Flagger sends them, and their answers. */
describe('meshwright live as a webhook', () => {
  let server: Server;
  let url = '';
  const asked: string[] = [];
  const check = (name: string): Promise<LiveRoute[]> => {
    asked.push(name);
    if (name === 'shop/unknown') return Promise.reject(new UserError('shop/unknown is not a route of this stack.'));
    if (name === 'shop/silent') return Promise.reject(new ClusterError('unreachable', 'istiod does not answer'));
    return Promise.resolve([route(name, name === 'shop/cart')]);
  };

  before(async () => {
    server = liveServer(check);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => asked.splice(0));

  const post = async (body: string, method = 'POST'): Promise<[number, unknown]> => {
    const sent = method === 'GET' ? {} : { body, headers: { 'content-type': 'application/json' } };
    const response = await fetch(`${url}/`, { method, ...sent });
    return [response.status, await response.json()];
  };
  /** The payload of a confirm-rollout hook. */
  const hook = (name: string): string =>
    JSON.stringify({
      name,
      namespace: 'shop',
      phase: 'Progressing',
      checksum: '85d557f47b',
      metadata: { type: 'confirm-rollout' },
    });

  it('answers 200 for a route that is live', async () => {
    assert.deepEqual(await post(hook('cart')), [200, { routes: [route('shop/cart', true)] }]);
    assert.deepEqual(asked, ['shop/cart']);
  });

  it('answers 503 for one that is not', async () => {
    assert.deepEqual(await post(hook('till')), [503, { routes: [route('shop/till', false)] }]);
  });

  it('never answers 2xx when it cannot tell', async () => {
    assert.deepEqual(await post(hook('unknown')), [404, { error: 'shop/unknown is not a route of this stack.' }]);
    assert.deepEqual(await post(hook('silent')), [502, { error: 'istiod does not answer' }]);
    assert.deepEqual(await post('{"name":"cart"}'), [400, { error: 'the body must have name and namespace' }]);
    assert.deepEqual((await post('name=cart'))[0], 400);
    assert.deepEqual((await post('x'.repeat(100_000)))[0], 400);
    assert.deepEqual(await post('', 'PUT'), [405, { error: 'POST a webhook of Flagger' }]);
  });

  it('answers probes', async () => assert.deepEqual(await post('', 'GET'), [200, { ready: true }]));
});
