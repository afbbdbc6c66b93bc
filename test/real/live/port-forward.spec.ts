import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { stackConfig } from '../../../cli/start/on-lab';
import { meshwright } from '../../cli/support';
import { Stage } from '../scenarios/stage';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

type Weights = Record<string, number>;

/** Sample 001 has no route for reviews; these are its three versions. */
const versions = ['v1', 'v2', 'v3'];
const routed = (weights: Weights) => ({ 'meshwright:routes': { default: { reviews: { versions, weights } } } });

/** Without any address: istiod and each Envoy are reached through port-forwards, as in any cluster. Each test depends on the ones before. */
describe('a proof through port-forwards', function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-forward-'));
  let stage: Stage;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    stage = await Stage.start(this, 'default');
    await stage.to('001');
  });

  after(async () => {
    await stage?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const live = (weights: Weights) => {
    const file = join(folder, 'stack.yaml');
    writeFileSync(file, stringify({ config: stackConfig(stage.settings('001', routed(weights)), {}) }));
    const { code, stdout } = meshwright(['live', 'reviews', '--json', '--config', file], { env: stage.env });
    const { routes } = JSON.parse(stdout) as { routes: { route: string; live: boolean; proxies: Proxy[] }[] };
    const states = routes.flatMap(({ proxies }) =>
      proxies.map(({ state, serves }) => `${state} ${serves.join(' | ')}`.trim()),
    );
    const counts = Object.fromEntries(states.map((state) => [state, states.filter((other) => other === state).length]));
    return { code, routes: routes.map(({ route, live: is }) => [route, is]), counts };
  };

  it('is enough for the tests of a given cluster', async () => {
    const env = {
      ...stage.env,
      MESHWRIGHT_CONTEXT: stage.context,
      MESHWRIGHT_URL: `http://${await stage.gatewayAddress()}/`,
      MESHWRIGHT_HOST: 'reviews.test',
      MESHWRIGHT_SERVICE: 'default/reviews',
      MESHWRIGHT_VERSIONS: versions.join(','),
      MESHWRIGHT_GATEWAYS: 'bookinfo-gateway,mesh',
      MESHWRIGHT_CYCLES: '2',
      MESHWRIGHT_RATE: '100',
      MESHWRIGHT_SECONDS: '120',
    };
    const mocha = join(__dirname, '..', '..', '..', 'node_modules', 'mocha', 'bin', 'mocha.js');
    const spec = join(__dirname, '..', '..', 'outside', 'given-cluster.spec.ts');
    const ran = promisify(execFile)(process.execPath, [mocha, spec], { env });
    const { stdout } = await ran.catch((error: unknown) => error as { stdout: string });
    assert.match(stdout, /\d{3,} requests\n[^]*1 passing/);
  });

  it('is part of an update', async () => {
    assert.match((await stage.to('001', routed({ v1: 70, v2: 30 }))).said.join('\n'), proven('v1 70 %, v2 30 %'));
    assert.match((await stage.to('001', routed({ v1: 20, v2: 80 }))).said.join('\n'), proven('v1 20 %, v2 80 %'));
  });

  it('lets meshwright live see six sidecars with the route and two gateways without it', () => {
    assert.deepEqual(live({ v1: 20, v2: 80 }), {
      code: 0,
      routes: [['default/reviews', true]],
      counts: { 'live v1 20 %, v2 80 %': 6, unconcerned: 2 },
    });
  });

  it('lists the proxies that serve something else, with exit code 1', () => {
    assert.deepEqual(live({ v1: 100 }), {
      code: 1,
      routes: [['default/reviews', false]],
      counts: { 'lags v1 20 %, v2 80 %': 6, unsure: 2 },
    });
  });
});

interface Proxy {
  state: string;
  serves: string[];
}

function proven(split: string): RegExp {
  return new RegExp(`route default/reviews: live on 6 of 6 proxies after [\\d.]+ s, ${split}`);
}
