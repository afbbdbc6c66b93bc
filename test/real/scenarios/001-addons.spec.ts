import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { addonObjects } from '../../../mesh/manifests/addons/addons';
import { withTracingProvider } from '../../../mesh/manifests/addons/tracing';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { sample } from '../../support/samples';
import { until } from '../traffic/child';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { counts, near } from './counts';
import { REQUEST_TEST_TIMEOUT_MS, Stage, workloadOf } from './stage';

const bookinfoPort = 9080;

/** Stands in for Jaeger's pod, which its chart would create. */
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
  spec: { containers: [{ name: 'collector', image: 'docker.io/jaegertracing/jaeger:2.14.0' }] },
};

describe('sample 001 on the lab', function () {
  this.timeout(REQUEST_TEST_TIMEOUT_MS);
  let stage: Stage;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    stage = await Stage.start(this, 'default');
    await stage.to('001');
    await stage.addClient();
  });
  after(() => stage?.stop());

  const version = async () => workloadOf(await stage.fromClient('reviews', bookinfoPort, { path: '/reviews/0' }));

  it('D001.1 answers the paths of the page through the gateway, and 404 for any other', async () => {
    const { status, body } = await stage.atGateway('/productpage');
    assert.deepEqual([status, body.includes('<title>Simple Bookstore App</title>')], [200, true]);
    const answers: [string, number][] = [];
    for (const path of ['/static/x', '/login', '/logout', '/api/v1/products', '/other'])
      answers.push([path, (await stage.atGateway(path)).status]);
    assert.deepEqual(answers, [
      ['/static/x', 200],
      ['/login', 302],
      ['/logout', 302],
      ['/api/v1/products', 200],
      ['/other', 404],
    ]);
  });

  it('D001.2 sends each version of reviews at least a fifth without rules, and exact thirds with ROUND_ROBIN', async () => {
    const free = await counts(300, version);
    console.log(`      ${JSON.stringify(free)}`);
    for (const name of ['reviews-v1', 'reviews-v2', 'reviews-v3']) assert.ok((free[name] ?? 0) >= 60);
    await stage.to('001/round-robin');
    const turns = await counts(60, version, 1);
    for (const name of ['reviews-v1', 'reviews-v2', 'reviews-v3']) near(`${name} of 60`, turns[name], 20, 1);
  });

  it('D001.3 answers from six Octopus web servers, half from each version', async () => {
    await stage.to('001/octopus');
    const seen = await counts(300, async () => {
      const { body } = await stage.fromClient('proxy', 80);
      return /^Proxying value: (WebServer V\d) requested from \/ on .* with code 200$/.exec(body)?.[1] ?? body;
    });
    assert.deepEqual(Object.keys(seen).sort(), ['WebServer V1', 'WebServer V2']);
    near('V1 of 300', seen['WebServer V1'], 150, 27);
  });

  it('D001.5 counts requests to reviews in istio_requests_total', async () => {
    const counted = async () => {
      const line =
        /^istio_requests_total\{(?=.*source_workload="client")(?=.*destination_service_name="reviews").*\} (\d+)$/gm;
      return [...(await stage.metrics()).matchAll(line)].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    await version();
    await sleep(2000); // Envoy sends its access log once a second.
    const before = await counted();
    await counts(20, version);
    await until('20 more requests in the metrics', async () => ((await counted()) === before + 20 ? true : undefined));
  });

  it('D001.4 sends spans of the page, reviews and ratings to the collector, and none without a Telemetry', async () => {
    const { addons = {}, istio } = sample('001').settings;
    const local = stage.settings('001');
    // The addons' objects without their charts, which the lab cannot fetch.
    const objects = [...addonObjects(addons, istio).map(({ object }) => object), collector];
    const traced: StackSettings = {
      ...local,
      istio: withTracingProvider(local.istio ?? {}, addons),
      objects: objects.filter(({ kind }) => ['Service', 'Telemetry', 'Pod'].includes(kind)),
    };
    await stage.have(traced);
    const spans = (workload: string) => stage.statistic(workload, 'outbound|9411||zipkin', 'upstream_rq_total');
    const ask = () => counts(30, async () => String((await stage.atGateway('/productpage')).status));
    assert.deepEqual(await ask(), { '200': 30 });
    const senders = ['productpage-v1', 'ratings-v1', 'reviews-v2'];
    const all = async () => {
      const sent = await Promise.all(senders.map(spans));
      return sent.every((count) => count > 0) ? true : undefined;
    };
    await until('spans of all three', all, undefined, 30);
    await stage.have({ ...traced, objects: (traced.objects ?? []).filter(({ kind }) => kind !== 'Telemetry') });
    // Open connections keep their old listener until they end, and the proxies' buffers still hold old spans.
    await ask();
    await sleep(12_000);
    const before = await Promise.all(senders.map(spans));
    assert.deepEqual(await ask(), { '200': 30 });
    await sleep(6_000);
    assert.deepEqual(await Promise.all(senders.map(spans)), before);
  });

  it('leaves nothing behind when it is destroyed', async () => {
    await stage.kubectl('delete', 'pod', 'client', '--wait');
    assert.deepEqual(await stage.down(), []);
  });
});
