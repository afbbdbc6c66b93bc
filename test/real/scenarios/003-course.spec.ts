import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { counts, near } from './counts';
import { REQUEST_TEST_TIMEOUT_MS, Stage, workloadOf, type Answer } from './stage';

const host = 'bookinfo.user02.cloud.35.209.207.26.nip.io';
const bookinfoPort = 9080;
const jason = { 'end-user': 'jason' };
const services = ['productpage', 'reviews', 'ratings', 'details'];
const route = (name: string) => `VirtualService user02/${name}`;
const rule = (name: string) => `DestinationRule user02/${name}`;
/** Without a weight: all requests, as a lone `rest` is written. */
const to = (name: string, version: string, weight?: number) => ({
  destination: { host: name, subset: version },
  ...(weight === undefined ? {} : { weight }),
});
const isJason = [{ headers: { 'end-user': { exact: 'jason' } } }];
const accessLog = { 'meshwright:istio': { meshConfig: { accessLogFile: '/dev/stdout' } } };

describe('sample 003 on the lab', function () {
  this.timeout(REQUEST_TEST_TIMEOUT_MS);
  let stage: Stage;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    stage = await Stage.start(this, 'user02');
    await stage.to('003', accessLog);
    await stage.addClient();
  });
  after(() => stage?.stop());

  const page = (headers: Record<string, string> = {}) => stage.atGateway('/productpage', { host, ...headers });
  const ratings = (headers: Record<string, string> = {}) =>
    stage.fromClient('ratings', bookinfoPort, { path: '/ratings/0', headers });
  const reviews = async (headers: Record<string, string> = {}) =>
    workloadOf(await stage.fromClient('reviews', bookinfoPort, { path: '/reviews/0', headers }));
  const ratingsStatus = async () => String((await ratings()).status);
  const httpbin = () => stage.fromClient('httpbin', 8000);
  const hello = () => stage.fromClient('svc-hello', 8080);
  const helloText = async () => {
    const { status, body } = await hello();
    return status === 200 ? body.trim().slice(-2) : String(status);
  };
  /** How many lines of the client's access log have a response flag. */
  const flagged = async (flag: string) =>
    (await stage.accessLog('client')).filter((line) => line.includes(` ${flag} `)).length;

  const http = async (name: string) => (await stage.objects.get(route(name))).spec?.['http'];
  const all = { route: [to('ratings', 'v1')] };
  const abort = (value: number) => ({ fault: { abort: { percentage: { value }, httpStatus: 500 } } });

  it('D003.1 answers productpage for its host at the gateway, and 404 for any other host', async () => {
    await stage.to('003', accessLog);
    const { status, body } = await page();
    assert.deepEqual([status, body.includes('<title>Simple Bookstore App</title>')], [200, true]);
    assert.equal((await stage.atGateway('/productpage', { host: 'other.example' })).status, 404);
  });

  it('D003.2 answers productpage inside the mesh', async () => {
    const { status, body } = await stage.fromClient('productpage', bookinfoPort, { path: '/productpage' });
    assert.deepEqual([status, body.includes('<title>Simple Bookstore App</title>')], [200, true]);
  });

  it('S003.8 creates four DestinationRules with one, three, four and two subsets', async () => {
    const { created, changed, removed } = await stage.to('003/destination-rules', accessLog);
    assert.deepEqual([[...created].sort(), changed, removed], [services.map(rule).sort(), [], []]);
    const subsets = async (name: string) =>
      ((await stage.objects.get(rule(name))).spec?.['subsets'] as { name: string }[]).map((subset) => subset.name);
    assert.deepEqual(await Promise.all(services.map(subsets)), [
      ['v1'],
      ['v1', 'v2', 'v3'],
      ['v1', 'v2', 'v2-mysql', 'v2-mysql-vm'],
      ['v1', 'v2'],
    ]);
  });

  it('S003.9, D003.3 sends all to v1, half to v3, all to v3, and leaves the other services alone', async () => {
    const first = await stage.to('003/all-v1', accessLog);
    assert.deepEqual([...first.created].sort(), services.map(route).sort());
    assert.deepEqual(await http('reviews'), [{ route: [to('reviews', 'v1')] }]);
    assert.deepEqual(await counts(50, reviews), { 'reviews-v1': 50 });
    const shifts = async (state: string, destinations: object[]) => {
      const { created, changed, removed } = await stage.to(state, accessLog);
      assert.deepEqual([created, changed.map(({ id }) => id), removed], [[], [route('reviews')], []]);
      assert.deepEqual(await http('reviews'), [{ route: destinations }]);
    };
    await shifts('003/reviews-50-v3', [to('reviews', 'v1', 50), to('reviews', 'v3', 50)]);
    const half = await counts(400, reviews);
    near('v1 of 400', half['reviews-v1'], 200, 30);
    assert.deepEqual(Object.keys(half).sort(), ['reviews-v1', 'reviews-v3']);
    await shifts('003/reviews-v3', [to('reviews', 'v3')]);
    assert.deepEqual(await counts(50, reviews), { 'reviews-v3': 50 });
  });

  it('S003.10, D003.4 sends jason to v2 by a rule before the default route, others to v1, and all to three versions without rules', async () => {
    await stage.to('003/jason-v2', accessLog);
    assert.deepEqual(await http('reviews'), [
      { match: isJason, route: [to('reviews', 'v2')] },
      { route: [to('reviews', 'v1')] },
    ]);
    assert.deepEqual(await counts(20, () => reviews(jason)), { 'reviews-v2': 20 });
    assert.deepEqual(await counts(20, reviews), { 'reviews-v1': 20 });
    await stage.to('003', accessLog);
    assert.deepEqual(Object.keys(await counts(90, reviews)).sort(), ['reviews-v1', 'reviews-v2', 'reviews-v3']);
  });

  it('S003.11, D003.5 delays jason by 7 s: the page gives up after 6 s, ratings answers late, others are not affected', async () => {
    await stage.to('003/delay', accessLog);
    const delayed = { match: isJason, fault: { delay: { percentage: { value: 100 }, fixedDelay: '7s' } }, ...all };
    assert.deepEqual(await http('ratings'), [delayed, all]);
    const [late, direct, other] = await Promise.all([page(jason), ratings(jason), page()]);
    assert.match(late.body, /Sorry, product reviews are currently unavailable for this book\./);
    near('milliseconds of the page for jason', Math.round(late.milliseconds), 6000, 300);
    assert.equal(direct.status, 200);
    near('milliseconds of ratings for jason', Math.round(direct.milliseconds), 7000, 300);
    assert.match(other.body, /reviews-v1/);
    near('milliseconds of the page for others', Math.round(other.milliseconds), 250, 250);
  });

  it('S003.11, D003.6 aborts for jason: ratings is 500 and the page says so, others are not affected', async () => {
    await stage.to('003/abort', accessLog);
    assert.deepEqual(await http('ratings'), [{ match: isJason, ...abort(100), ...all }, all]);
    const direct = await ratings(jason);
    assert.deepEqual([direct.status, direct.body], [500, 'fault filter abort']);
    assert.match((await page(jason)).body, /Ratings service is currently unavailable/);
    const other = await ratings();
    assert.deepEqual([other.status, JSON.parse(other.body)], [200, { id: 0, ratings: { Reviewer1: 5, Reviewer2: 4 } }]);
  });

  it('S003.11, D003.7 aborts 50 % of all requests, then 90 %', async () => {
    await stage.to('003/abort-50', accessLog);
    assert.deepEqual(await http('ratings'), [{ ...abort(50), ...all }]);
    near('500s of 400', (await counts(400, ratingsStatus))['500'], 200, 30);
    await stage.to('003/abort-90', accessLog);
    assert.deepEqual(await http('ratings'), [{ ...abort(90), ...all }]);
    near('500s of 400', (await counts(400, ratingsStatus))['500'], 360, 18);
  });

  it('S003.12 finds a change made by kubectl with a refresh, and reverts it', async () => {
    const edit = [{ op: 'replace', path: '/spec/http/0/fault/abort/percentage/value', value: 50 }];
    const patch = ['--type=json', '-p', JSON.stringify(edit)];
    await stage.kubectl('patch', 'virtualservice', 'ratings', '-n', 'user02', ...patch);
    const { created, changed, removed } = await stage.repair();
    const changes = [{ path: 'spec.http[0].fault.abort.percentage.value', from: 50, to: 90 }];
    assert.deepEqual([created, changed, removed], [[], [{ id: route('ratings'), changes }], []]);
  });

  it('S003.13 deploys httpbin, fortio, hello and curltest: bare Pods, string environment values, Service svc-hello', async () => {
    await stage.to('003/httpbin', accessLog);
    await stage.objects.has('Service user02/httpbin', {
      spec: { ports: [{ name: 'http', port: 8000, targetPort: 80 }] },
    });
    const ports = [
      { containerPort: 8080, name: 'http-fortio' },
      { containerPort: 8079, name: 'grpc-ping' },
    ];
    await stage.objects.has('Pod user02/fortio', { spec: { containers: [{ ports }] } });
  });

  it('S003.14, D003.8 answers some requests with 503 and flag UO with the circuit breaker, and none without it', async () => {
    const load = (times: number, atOnce: number) => counts(times, async () => String((await httpbin()).status), atOnce);
    await stage.to('003/httpbin', accessLog);
    assert.deepEqual(await load(30, 3), { '200': 30 });
    await stage.to('003/circuit-breaker', accessLog);
    assert.deepEqual((await stage.objects.get(rule('dr-httpbin'))).spec, {
      host: 'httpbin',
      trafficPolicy: { connectionPool: { http: { http1MaxPendingRequests: 1, maxRequestsPerConnection: 1 } } },
    });
    const overflow = () => stage.statistic('client', 'outbound|8000||httpbin', 'upstream_rq_pending_overflow');
    const before = { overflow: await overflow(), flagged: await flagged('UO') };
    const one = await load(20, 1);
    const two = await load(20, 2);
    const three = await load(30, 3);
    console.log(`      1 at once ${JSON.stringify(one)}, 2 ${JSON.stringify(two)}, 3 ${JSON.stringify(three)}`);
    assert.ok((one['200'] ?? 0) >= 15);
    const refused = [one, two, three].reduce((sum, found) => sum + (found['503'] ?? 0), 0);
    assert.equal((await overflow()) - before.overflow, refused);
    // Envoy writes its access log in batches, here five a second.
    await delay(2_000);
    assert.equal((await flagged('UO')) - before.flagged, refused);
    const overloaded: Answer[] = [];
    // On a busy machine the requests of a round may come one after the other.
    for (let round = 0; round < 20 && overloaded.length === 0; round += 1) {
      const answers = await Promise.all(Array.from({ length: 6 }, httpbin));
      overloaded.push(...answers.filter(({ status }) => status === 503));
    }
    assert.ok(overloaded.length > 0);
    assert.deepEqual([...new Set(overloaded.map(({ headers }) => headers['x-envoy-overloaded']))], ['true']);
    await stage.to('003/httpbin', accessLog);
    assert.deepEqual(await load(30, 3), { '200': 30 });
  });

  const ejections = () => stage.statistic('client', 'outbound|8080||svc-hello', 'outlier_detection.ejections_active');
  const retries = () => stage.statistic('client', 'outbound|8080||svc-hello', 'upstream_rq_retry');

  it('S003.13, S003.14, D003.9 ejects server 2 after its first 503, which a retry hides from the client', async () => {
    await stage.to('003/hello', accessLog);
    const env = (pairs: Record<string, string>) => ({
      spec: { containers: [{ env: Object.entries(pairs).map(([name, value]) => ({ name, value })) }] },
    });
    await stage.objects.has('Pod user02/hello-server-1', env({ VERSION: 'v1', LOG: '1' }));
    await stage.objects.has('Pod user02/hello-server-2', env({ VERSION: 'v2', LOG: '1', RANDOM_ERROR: '0.5' }));
    await stage.objects.has('Pod user02/curltest', { spec: { containers: [{ args: ['sleep', '365d'] }] } });
    await stage.objects.has('Service user02/svc-hello', {
      spec: { selector: { app: 'hello' }, ports: [{ name: 'http', port: 8080, protocol: 'TCP' }] },
    });
    const before = await counts(40, helloText, 1);
    console.log(`      before ${JSON.stringify(before)}, retried ${await retries()} times`);
    assert.equal(before['503'], undefined);
    assert.ok((await retries()) > 0);
    await stage.to('003/outlier', accessLog);
    assert.deepEqual((await stage.objects.get(rule('hello-dr'))).spec, {
      host: 'svc-hello',
      trafficPolicy: {
        outlierDetection: { interval: '1s', consecutive5xxErrors: 1, baseEjectionTime: '3m', maxEjectionPercent: 100 },
      },
    });
    const after = await counts(60, helloText, 1);
    assert.equal(after['503'], undefined);
    assert.equal(await ejections(), 1);
    assert.deepEqual(await counts(20, helloText, 1), { v1: 20 });
  });

  const withoutRetries = { 'meshwright:routes': { user02: { 'svc-hello': { http: null } } } };

  it('D003.10 without retries shows the client a quarter of 503s, and exactly one with outlier detection', async () => {
    await stage.to('003/hello', accessLog, { 'meshwright:routes': { user02: { 'svc-hello': null } } });
    near('503s of 100', (await counts(100, helloText, 1))['503'], 25, 13);
    await stage.to('003/outlier', accessLog, withoutRetries);
    const after: string[] = [];
    for (let sent = 0; sent < 60; sent++) after.push(await helloText());
    assert.equal(after.filter((text) => text === '503').length, 1);
    assert.deepEqual([...new Set(after.slice(after.indexOf('503') + 1))], ['v1']);
    assert.equal(await ejections(), 1);
  });

  it('D003.11 lets server 2 answer again when the ejection ends', async () => {
    const short = { trafficPolicy: { outlierDetection: { baseEjectionTime: '5s' } } };
    await stage.to('003/hello', accessLog, { 'meshwright:routes': { user02: { 'svc-hello': null } } });
    await stage.to('003/outlier', accessLog, withoutRetries, {
      'meshwright:routes': { user02: { 'svc-hello': short } },
    });
    for (let sent = 0; sent < 200 && (await helloText()) !== '503'; sent++);
    assert.equal(await ejections(), 1);
    await delay(7_000);
    const again = await counts(6, helloText, 1);
    console.log(`      after 7 s ${JSON.stringify(again)}`);
    assert.ok((again['v2'] ?? 0) + (again['503'] ?? 0) > 0);
  });

  it('leaves nothing behind when it is destroyed', async () => {
    await stage.kubectl('delete', 'pod', 'client', '--namespace', 'user02', '--wait');
    assert.deepEqual(await stage.down(), []);
  });
});
