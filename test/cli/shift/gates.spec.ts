import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { judge, parseQuery } from '../../../cli/shift/gates';
import { newJournal } from '../../../cli/shift/journal';
import { MetricsError, readFigures } from '../../../cli/shift/metrics';
import { defaultOptions } from '../../../cli/shift/options';
import { stepsOf } from '../../../cli/shift/steps';

describe('the gates of a shift', () => {
  const settings = { versions: ['v1', 'v2'], weights: { v1: 100 } };
  const route = { name: 'shop/cart', settings };
  let server: Server;
  let base = '';
  let asked: string[] = [];
  let bodies: unknown[] = [];
  let values: Record<string, string> = {};

  before(async () => {
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        if (url.pathname === '/gate') {
          bodies.push(JSON.parse(body));
          response.writeHead(500).end('not yet\n');
          return;
        }
        const query = url.searchParams.get('query') ?? '';
        asked.push(query);
        const [, value] = Object.entries(values).find(([part]) => query.includes(part)) ?? [];
        const result = value === undefined ? [] : [{ metric: {}, value: [0, value] }];
        response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    [asked, bodies, values] = [[], [], {}];
  });

  const journal = (more: object): ReturnType<typeof newJournal> => {
    const options = { ...defaultOptions, prometheus: base, ...more };
    const target = { v2: 100 };
    return newJournal(0, {
      id: 'one',
      stack: 'dev',
      routes: [route.name],
      settings: { [route.name]: settings },
      target,
      options,
      steps: stepsOf([route], target, options),
    });
  };

  it('ask Prometheus for both versions by the labels of Istio', async () => {
    values = { response_code: '3', histogram_quantile: '12', istio_requests_total: '100' };
    const { routes } = await readFigures(journal({}), [route], 30_000, false);
    const reading = { requests: 100, failed: 3, p90: 12, p99: 12 };
    assert.deepEqual(routes, [{ route: 'shop/cart', canary: reading, stable: reading }]);
    assert.ok(
      asked.includes(
        'sum(increase(istio_requests_total{reporter="source",destination_service_name=~"cart",destination_service_namespace="shop",destination_version=~"v2"}[30s]))',
      ),
      asked.join('\n'),
    );
  });

  it('fill in a custom query, and judge its value', async () => {
    values = { jobs: '7' };
    const query = 'sum(jobs{ns="$namespace",app="$service",version="$version"}[$window]) < 5';
    const figures = await readFigures(journal({ queries: [query] }), [], 30_000, false);
    assert.deepEqual(asked, ['sum(jobs{ns="shop",app="cart",version="v2"}[30s])']);
    assert.deepEqual(judge(defaultOptions, figures, true).reasons, [`query ${query}: its value is 7`]);
    values = {};
    const silent = judge(defaultOptions, await readFigures(journal({ queries: [query] }), [], 30_000, false), true);
    assert.deepEqual([silent.result, silent.reasons], ['inconclusive', [`query ${query} has no value`]]);
  });

  it('refuse a query without a comparison', () => {
    assert.equal(parseQuery('sum(jobs)'), undefined);
    assert.equal(parseQuery('sum(jobs{a="<"}) >= 2e3')?.promql, 'sum(jobs{a="<"})');
  });

  it("send a webhook the fields of Flagger's, and fail on any answer but 2xx", async () => {
    const webhooks = [`${base}/gate`];
    const early = await readFigures(journal({ webhooks }), [], 1000, false);
    assert.deepEqual([early.webhooks, bodies], [[], []]);
    const { result, reasons } = judge(defaultOptions, await readFigures(journal({ webhooks }), [], 60_000, true), true);
    assert.deepEqual([result, reasons], ['fail', [`webhook ${base}/gate answers 500: not yet`]]);
    assert.deepEqual(bodies, [
      {
        name: 'cart',
        namespace: 'shop',
        phase: 'Progressing',
        metadata: { stack: 'dev', id: 'one', routes: ['shop/cart'], step: 1, steps: 4, label: 'v2 5 %' },
      },
    ]);
  });

  it('do not take a webhook or a Prometheus without an answer for success', async () => {
    const dead = 'http://127.0.0.1:1';
    const figures = await readFigures(journal({ webhooks: [dead] }), [], 60_000, true);
    assert.equal(judge(defaultOptions, figures, true).result, 'inconclusive');
    await assert.rejects(readFigures(journal({ prometheus: dead }), [route], 60_000, true), MetricsError);
  });
});
