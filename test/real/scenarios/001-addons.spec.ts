import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../components/manifests/kubernetes';
import { release } from '../../scenarios/support/releases';
import { until } from '../traffic/child';
import { counts, near } from './counts';
import { sampleObjects, Stage } from './stage';

const bookinfoPort = 9080;

/** Plays Jaeger's pod, which its chart would bring. */
const collector: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'collector',
    namespace: 'istio-system',
    labels: {
      app: 'collector',
      'app.kubernetes.io/name': 'jaeger',
      'app.kubernetes.io/instance': 'jaeger',
      'app.kubernetes.io/component': 'all-in-one',
    },
  },
  spec: { containers: [{ name: 'collector' }] },
};

/**
 * Service proxy's port is called `web`, which names no protocol. A cluster gives each Service an address of its own and sniffs; here all share 127.0.0.1:80, and a
 * sniffed listener would take the other Services' requests too.
 */
function withProtocol(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Service' || object.metadata.name !== 'proxy') return object;
  const ports = (object.spec?.['ports'] as object[]).map((port) => ({ ...port, appProtocol: 'http' }));
  return { ...object, spec: { ...object.spec, ports } };
}

describe('walkthrough 001, traffic', function () {
  this.timeout(600_000);
  let stage: Stage;
  before(async function () {
    stage = await Stage.start(this, 'default', release('istiod', '001').values['meshConfig'] as object);
  });
  after(() => stage?.stop());

  const version = async () => (await stage.fromClient('reviews', bookinfoPort)).body.slice(0, 'reviews v1'.length);

  it('D001.1 the page through the gateway, and its other paths; anything else is 404', async () => {
    await stage.to('001');
    const { status, body } = await stage.atGateway('/productpage');
    assert.deepEqual([status, body.includes('<title>Simple Bookstore App</title>')], [200, true]);
    for (const path of ['/static/x', '/login', '/logout', '/api/v1/products']) {
      const answer = await stage.atGateway(path);
      assert.deepEqual([path, answer.status, answer.body], [path, 200, 'productpage']);
    }
    assert.equal((await stage.atGateway('/other')).status, 404);
  });

  it('D001.2 reviews without rules: each version at least a fifth; by ROUND_ROBIN, exact thirds', async () => {
    await stage.to('001');
    const free = await counts(300, version);
    console.log(`      ${JSON.stringify(free)}`);
    for (const name of ['reviews v1', 'reviews v2', 'reviews v3']) assert.ok((free[name] ?? 0) >= 60);
    await stage.to('001/round-robin');
    const turns = await counts(60, version, 1);
    for (const name of ['reviews v1', 'reviews v2', 'reviews v3']) near(`${name} of 60`, turns[name], 20, 1);
  });

  it('D001.3 Octopus: six web servers, half of the answers from each version', async () => {
    await stage.have(sampleObjects('001/octopus').map(withProtocol));
    const seen = await counts(300, async () => {
      const { body } = await stage.fromClient('proxy', 80);
      return /^Proxying value: (WebServer V\d) requested from \/ on .* with code 200$/.exec(body)?.[1] ?? body;
    });
    assert.deepEqual(Object.keys(seen).sort(), ['WebServer V1', 'WebServer V2']);
    near('V1 of 300', seen['WebServer V1'], 150, 27);
  });

  it('D001.4 spans of the page, reviews and ratings reach the collector; none when no Telemetry asks for them', async () => {
    const objects = [...sampleObjects('001'), collector];
    const spans = () =>
      stage.stubs.log
        .filter(({ pod, path }) => pod === 'collector' && path === '/api/v2/spans')
        .flatMap(({ body }) => JSON.parse(body) as { name?: string }[])
        .map(({ name = '' }) => name.split('.')[0] ?? '');
    const ask = () => counts(30, async () => String((await stage.atGateway('/productpage')).status));
    await stage.have(objects);
    assert.deepEqual(await ask(), { '200': 30 });
    const names = ['productpage', 'ratings', 'reviews'];
    const all = async () => {
      const there = new Set(spans());
      return Promise.resolve(names.every((name) => there.has(name)) ? there : undefined);
    };
    await until('spans of all three', all, undefined, 30);
    await stage.have(objects.filter(({ kind }) => kind !== 'Telemetry'));
    // Connections of before keep the listener that they came to until they end, and what is in the proxies' buffers belongs to the time before, too.
    await ask();
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    stage.stubs.log.length = 0;
    assert.deepEqual(await ask(), { '200': 30 });
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    assert.deepEqual(spans(), []);
  });

  it('D001.5 requests to reviews are counted where Prometheus reads: Envoy’s counter, for upstream Envoy lacks Istio’s filter', async () => {
    await stage.to('001');
    const line = async () => {
      const text = await stage.admin('client', '/stats/prometheus?filter=upstream_rq_total$');
      // Envoy makes a tag of the name up to its first dot, and leaves the domain in the counter's own name.
      const counter = /^envoy_cluster_\S*upstream_rq_total\{envoy_cluster_name="outbound\|9080\|\|reviews[".;]/;
      const found = text.split('\n').find((row) => counter.test(row));
      return Number(found?.split(' ').at(-1) ?? NaN);
    };
    await version();
    const before = await line();
    await counts(20, version);
    assert.equal((await line()) - before, 20);
  });
});
