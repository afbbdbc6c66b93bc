import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { StackSettings } from '../../../components/manifests/settings';
import { meshwright, type Ran } from '../../cli/support';
import { sections } from '../pulumi/support/bookinfo';
import { RealStack } from '../pulumi/support/real-stack';
import { freePorts, stop, type Child } from '../traffic/child';
import { startMesh, type RealMesh } from '../traffic/mesh';
import { findPrograms } from '../traffic/programs';
import { shop, shopHost, shopRoute } from '../traffic/shop';
import { startKubelet } from './kubelet';

const versions = ['v1', 'v2', 'v3'];
type Weights = Record<string, number>;

/** No address is given to anything here: the way to istiod and to each Envoy is pods/portforward of a real API server. Each test stands on the ones before it. */
describe('a proof through port-forwards', function () {
  this.timeout(600_000);
  this.bail(true);
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-forward-'));
  let mesh: RealMesh;
  let port = 0;
  let kubelet: Child | undefined;
  let stack: RealStack | undefined;

  before(async function () {
    const programs = await findPrograms();
    if (typeof programs === 'string') {
      console.log(`      skipped: ${programs}`);
      return this.skip();
    }
    [port = 0] = await freePorts(1);
    mesh = await startMesh({ programs, ...shop(port, versions, 2), log: (line) => console.log(`      ${line}`) });
    const envoys = [...mesh.proxies.values()].map(({ spec: { namespace, name, labels }, adminPort }) => ({
      namespace,
      name,
      labels,
      ports: { 15000: adminPort },
    }));
    const istiod = { namespace: 'istio-system', name: 'istiod-0', labels: { app: 'istiod' } };
    kubelet = await startKubelet(mesh.lab, folder, [{ ...istiod, ports: { 15014: mesh.istiod.httpPort } }, ...envoys]);
    stack = new RealStack(mesh.lab);
  });

  after(async () => {
    if (kubelet !== undefined) await stop(kubelet);
    await (mesh as RealMesh | undefined)?.stop();
    stack?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  const settings = (weights: Weights): StackSettings => ({
    namespaces: { shop: { existing: true } },
    routes: { shop: { reviews: shopRoute({ versions, weights }) } },
    proof: { strict: true, drainSeconds: 0 },
  });
  const config = (weights: Weights): Record<string, unknown> => ({
    ...sections(settings(weights)),
    'meshwright:policy': { externals: { gateways: ['*'], hosts: ['*'] } },
  });
  const up = async (weights: Weights): Promise<string> => {
    stack?.configure(config(weights));
    const ran = await stack?.begin('up').ended;
    assert.equal(ran?.status, 0, ran?.output);
    return ran.output;
  };
  const live = (weights: Weights): Ran => {
    const file = join(folder, 'stack.yaml');
    writeFileSync(file, stringify({ config: config(weights) }));
    return meshwright(['live', '--config', file], { env: mesh.lab.env });
  };
  const served = (name: string, state: string, serves: string, why = ''): string =>
    `  ${name.padEnd(13)}  ${state.padEnd(5)}  ${serves}${why === '' ? '' : `  ${why}`}\n`;

  it('is all that the harness for any cluster needs', async () => {
    const env = {
      ...mesh.lab.env,
      MESHWRIGHT_CONTEXT: mesh.lab.context,
      MESHWRIGHT_URL: `http://127.0.0.1:${port}/`,
      MESHWRIGHT_HOST: shopHost,
      MESHWRIGHT_SERVICE: 'shop/reviews',
      MESHWRIGHT_VERSIONS: versions.join(','),
      MESHWRIGHT_GATEWAYS: 'edge-0,mesh',
      MESHWRIGHT_CYCLES: '2',
      MESHWRIGHT_SECONDS: '120',
    };
    const mocha = join(__dirname, '..', '..', '..', 'node_modules', 'mocha', 'bin', 'mocha.js');
    const spec = join(__dirname, '..', 'traffic', 'given-cluster.spec.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [mocha, '--grep', 'in a given cluster', spec], {
      env,
    });
    assert.match(stdout, /\d{3,} requests\n[^]*1 passing/);
  });

  it('is part of an update', async () => {
    assert.match(
      await up({ v1: 70, v2: 30 }),
      /route shop\/reviews: live on 3 of 3 proxies after [\d.]+ s, v1 70 %, v2 30 %/,
    );
    assert.match(await up({ v1: 20, v2: 80 }), /route shop\/reviews: live on 3 of 3 proxies after [\d.]+ s, v1 20 %/);
  });

  it('answers meshwright live', () => {
    assert.deepEqual(live({ v1: 20, v2: 80 }), {
      code: 0,
      stdout: [
        'shop/reviews: live\n  config  v1 20 %, v2 80 %\n  api     v1 20 %, v2 80 %\n',
        '  PROXY          STATE  SERVES\n',
        served('client-0.shop', 'live', 'v1 20 %, v2 80 %'),
        served('client-1.shop', 'live', 'v1 20 %, v2 80 %'),
        served('edge-0.shop', 'live', 'v1 20 %, v2 80 %'),
      ].join(''),
      stderr: '',
    });
  });

  it('says who serves something else than config, with exit code 1', () => {
    const why = 'serves something else';
    assert.deepEqual(live({ v1: 100 }), {
      code: 1,
      stdout: [
        'shop/reviews: not live\n  config  v1 100 %\n  api     v1 20 %, v2 80 %\n',
        '  PROXY          STATE  SERVES            WHY\n',
        served('client-0.shop', 'lags', 'v1 20 %, v2 80 %', why),
        served('client-1.shop', 'lags', 'v1 20 %, v2 80 %', why),
        served('edge-0.shop', 'lags', 'v1 20 %, v2 80 %', why),
      ].join(''),
      stderr: '',
    });
  });
});
