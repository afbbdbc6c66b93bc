import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { counts, near } from './counts';
import { REQUEST_TEST_TIMEOUT_MS, Stage } from './stage';

const route = 'VirtualService tutorial/recommendation';
const rule = 'DestinationRule tutorial/recommendation';
/** Without a weight: all requests, as a lone `rest` is written. */
const to = (version: string, weight?: number) => ({
  destination: { host: 'recommendation', subset: version },
  ...(weight === undefined ? {} : { weight }),
});

describe('sample 002 on the lab', function () {
  this.timeout(REQUEST_TEST_TIMEOUT_MS);
  let stage: Stage;
  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    stage = await Stage.start(this, 'tutorial');
    await stage.to('002/customer');
    await stage.addClient();
  });
  after(() => stage?.stop());

  const customer = (agent = 'test') => stage.atGateway('/customer', { 'user-agent': agent });
  /** The version of recommendation that an answer comes from; else its status. */
  const version = async (agent?: string): Promise<string> => {
    const { status, body } = await customer(agent);
    return /recommendation (v\d) from/.exec(body)?.[1] ?? String(status);
  };

  /** Waits until so many pods answer: without a change of routes no update waits until proxies know their addresses. */
  const podsAnswer = async (wanted: number): Promise<void> => {
    const pod = async (): Promise<string> => /from '([\w-]+)'/.exec((await customer()).body)?.[1] ?? 'none';
    let pods = 0;
    for (let tries = 0; tries < 60 && pods < wanted; tries += 1) {
      pods = Object.keys(await counts(24, pod)).length;
      if (pods < wanted) await delay(500);
    }
    assert.equal(pods, wanted);
  };

  /** Deploys a state that differs from the one before in the route only, and expects the route to be updated in place. */
  const updatesRoute = async (reference: string, destinations: object[]): Promise<void> => {
    const { uid, generation } = await stage.objects.identity(route);
    const { created, changed, removed } = await stage.to(reference);
    assert.deepEqual([created, changed.map(({ id }) => id), removed], [[], [route], []]);
    assert.deepEqual((await stage.objects.get(route)).spec?.['http'], [{ route: destinations }]);
    assert.deepEqual(await stage.objects.identity(route), { uid, generation: generation + 1 });
  };

  it('D002.1 answers 503 for customer alone, as preference does not exist', async () => {
    const { status, body } = await customer();
    assert.deepEqual([status, body], [503, 'customer => UnknownHostException: preference\n']);
  });

  it('D002.2 answers with all three services', async () => {
    await stage.to('002/recommendation-v1');
    const { status, body } = await customer();
    assert.equal(status, 200);
    assert.match(body, /^customer => preference => recommendation v1 from 'recommendation-v1-[\w-]+': \d+\n$/);
  });

  it('D002.3 sends every pod the same share without rules', async () => {
    await stage.to('002');
    await podsAnswer(2);
    near('v1 of 200, one pod each', (await counts(200, version))['v1'], 100, 30);
    await stage.to('002/scaled');
    await podsAnswer(3);
    near('v1 of 300, one pod of three', (await counts(300, version))['v1'], 100, 30);
  });

  it('S002.5, D002.4 creates a DestinationRule with both versions and a route, and sends all requests to v1', async () => {
    const { created, changed, removed } = await stage.to('002/all-v1');
    assert.deepEqual([created, changed, removed], [[rule, route], [], []]);
    assert.deepEqual((await stage.objects.get(rule)).spec, {
      host: 'recommendation',
      subsets: [
        { name: 'version-v1', labels: { version: 'v1' } },
        { name: 'version-v2', labels: { version: 'v2' } },
      ],
    });
    assert.deepEqual((await stage.objects.get(route)).spec, {
      hosts: ['recommendation'],
      http: [{ route: [to('version-v1')] }],
    });
    assert.deepEqual(await counts(50, version), { v1: 50 });
  });

  it('S002.6, D002.5 splits 90/10', async () => {
    await updatesRoute('002/90-10', [to('version-v1', 90), to('version-v2', 10)]);
    near('v1 of 1000', (await counts(1000, version))['v1'], 900, 29);
  });

  it('D002.8 loses no request when shifting from 90/10 to 75/25 under load', async () => {
    let shifted = false;
    const destinations = [to('version-v1', 75), to('version-v2', 25)];
    const shift = updatesRoute('002/75-25', destinations).finally(() => (shifted = true));
    const found: Record<string, number> = {};
    for (let round = 0; !shifted && round < 2000; round++) {
      for (const [outcome, count] of Object.entries(await counts(8, version)))
        found[outcome] = (found[outcome] ?? 0) + count;
    }
    await shift;
    console.log(`      ${JSON.stringify(found)} during the change`);
    assert.deepEqual(Object.keys(found).sort(), ['v1', 'v2']);
  });

  it('D002.6 splits 75/25', async () => {
    near('v1 of 1000', (await counts(1000, version))['v1'], 750, 41);
  });

  it('S002.6, D002.7 sends all requests to v2', async () => {
    await updatesRoute('002/all-v2', [to('version-v2')]);
    assert.deepEqual(await counts(50, version), { v2: 50 });
  });

  it('S002.8, D002.9 sends Firefox to v2 by a rule before the default route, and Safari and a client that drops the header to v1', async () => {
    await stage.to('002/firefox');
    assert.deepEqual((await stage.objects.get(route)).spec?.['http'], [
      {
        match: [{ headers: { 'baggage-user-agent': { regex: '.*Firefox.*' } } }],
        route: [to('version-v2')],
      },
      { route: [to('version-v1')] },
    ]);
    const firefox = 'Mozilla/5.0 Gecko/20100101 Firefox/115.0';
    assert.deepEqual(await counts(20, () => version(firefox)), { v2: 20 });
    assert.deepEqual(await counts(20, () => version('Safari')), { v1: 20 });
    const dropped = async () =>
      /recommendation (v\d)/.exec(
        (await stage.fromClient('recommendation', 8080, { headers: { 'user-agent': firefox } })).body,
      )?.[1] ?? '';
    assert.deepEqual(await counts(20, dropped), { v1: 20 });
  });

  it('S002.7, D002.10 deletes both objects of the route and nothing else, and sends requests to both versions again', async () => {
    const { created, changed, removed } = await stage.to('002');
    assert.deepEqual([created, changed, [...removed].sort()], [[], [], [rule, route]]);
    await stage.objects.get('VirtualService tutorial/customer-gateway');
    assert.deepEqual(Object.keys(await counts(60, version)).sort(), ['v1', 'v2']);
  });

  it('leaves nothing behind when it is destroyed', async () => {
    await stage.kubectl('delete', 'pod', 'client', '--namespace', 'tutorial', '--wait');
    assert.deepEqual(await stage.down(), []);
  });
});
