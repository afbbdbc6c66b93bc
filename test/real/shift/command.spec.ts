import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackValue } from '../../../config/edit';
import { effectiveWeights } from '../../../mesh/manifests/weights';
import type { Weights } from '../../../mesh/manifests/settings';
import { labApi, labDown } from '../../../cluster/lab';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { long } from '../../support/long';
import { shopStack } from './stage';

const kills = long ? 30 : 3;
const parts = ['cli', 'cluster', 'components', 'config', 'mesh', 'policy', 'provider', 'runtime', 'samples'];
const files = ['index.ts', 'program.js', 'package.json', 'package-lock.json', 'Pulumi.yaml', 'tsconfig.json'];
const checkout = resolve(__dirname, '..', '..', '..');

/** The commands as users run them, in a copy of the project whose program may be broken. */
describe('shift and undo as commands, on their own lab', function () {
  this.timeout(long ? 3_600_000 : 600_000);
  let copy = '';
  const stackFile = (): string => join(copy, 'Pulumi.shop.yaml');
  const text = (): string => readFileSync(stackFile(), 'utf8');
  const command = (...words: string[]): string[] => [join(copy, 'cli', 'bin.js'), ...words, '--stack', 'shop'];
  const env = { ...process.env };
  delete env['KUBECONFIG'];
  const run = (...words: string[]): { code: number | null; output: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, command(...words), {
      cwd: copy,
      env,
      encoding: 'utf8',
    });
    return { code: status, output: `${stdout}${stderr}` };
  };
  const done = (code: number, ...words: string[]): string => {
    const ran = run(...words);
    assert.equal(ran.code, code, ran.output);
    return ran.output;
  };
  const configured = (): unknown =>
    effectiveWeights(stackValue(text(), ['routes', 'shop', 'hello', 'weights']) as Weights);
  const inCluster = async (): Promise<unknown> => {
    const object = await labApi({ kubeconfig: join(copy, '.lab', 'kubeconfig') }).get({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { namespace: 'shop', name: 'hello' },
    });
    const { http = [] } = object?.spec as { http?: { route: { destination: { subset: string }; weight: number }[] }[] };
    return Object.fromEntries(
      (http.at(-1)?.route ?? []).map(({ destination, weight }) => [destination.subset, weight]),
    );
  };

  before(function () {
    this.timeout(START_TIMEOUT_MS);
    copy = mkdtempSync(join(tmpdir(), 'meshwright-copy-'));
    for (const part of [...parts, ...files])
      cpSync(join(checkout, part), join(copy, part), { recursive: true, preserveTimestamps: true });
    symlinkSync(join(checkout, 'node_modules'), join(copy, 'node_modules'));
    writeFileSync(stackFile(), shopStack);
    done(0, 'start');
  });

  after(async () => {
    await labDown({ root: copy, log: () => undefined, purge: true });
    rmSync(copy, { recursive: true, force: true });
  });

  it('does one step in each tick', async () => {
    const flags = ['--to', 'v2', '--steps', '40,100', '--every', '1s', '--no-metrics', '--tick'];
    done(10, 'shift', 'hello', ...flags);
    assert.deepEqual(
      [configured(), await inCluster()],
      [
        { v1: 60, v2: 40 },
        { v1: 60, v2: 40 },
      ],
    );
    assert.match(done(2, 'shift', 'hello', ...flags), /shop\/hello is being shifted already/);
    await sleep(1000);
    done(10, 'shift', 'hello', '--tick');
    await sleep(1000);
    done(0, 'shift', 'hello', '--tick');
    assert.deepEqual([text(), await inCluster()], [shopStack.replace('v2: 0', 'v2: 100'), { v1: 0, v2: 100 }]);
  });

  it(`continues after kill -9 at ${kills} random points: journal, file and cluster agree`, async () => {
    for (let turn = 0; turn < kills; turn++) {
      const to = turn % 2 === 0 ? 'v1' : 'v2';
      const words = ['shift', 'hello', '--to', to, '--steps', '50,100', '--every', '1s', '--no-metrics', '--json'];
      const child = spawn(process.execPath, command(...words), { cwd: copy, env, detached: true, stdio: 'ignore' });
      const wait = Math.round(500 + Math.random() * 11_000);
      await sleep(wait);
      killSession(child.pid ?? 0);
      let code: number | null = 10;
      for (let tick = 0; tick < 20 && code === 10; tick++) {
        code = run('shift', 'hello', '--tick').code;
        if (code === 10) await sleep(500);
      }
      console.log(`      killed after ${wait} ms: ends with ${String(code)}, ${JSON.stringify(configured())}`);
      // Killed before the journal was written, nothing has begun, and the last shift is still the one before.
      assert.equal(code, 0);
      assert.deepEqual(await inCluster(), configured());
      const { steps, at, phase } = JSON.parse(run('shift', 'hello', '--status', '--json').output) as {
        steps: { routes: Record<string, { weights: Weights }> }[];
        at: number;
        phase: string;
      };
      assert.deepEqual(
        [phase, effectiveWeights(steps[at]?.routes['shop/hello']?.weights ?? {})],
        ['promoted', configured()],
      );
    }
  });

  it('goes back with a program that does not compile, byte for byte', async () => {
    const before = text();
    const now = configured() as Record<string, number>;
    done(0, 'shift', 'hello', '--to', 'v1=70,v2=30', '--steps', '100', '--every', '1s', '--no-metrics');
    assert.notEqual(text(), before);
    writeFileSync(join(copy, 'index.ts'), 'this is not TypeScript (');
    assert.match(done(3, 'shift', 'hello', '--to', 'v2', '--no-metrics', '--tick'), /the program cannot be compiled/);
    assert.match(done(1, 'shift', 'hello', '--abort'), /aborted/);
    done(0, 'undo', 'hello');
    assert.deepEqual([text(), await inCluster()], [before, now]);
  });
});

/** Kills a command with Pulumi and its providers, which have their own process groups, but are in its session. */
function killSession(session: number): void {
  const { stdout } = spawnSync('ps', ['-eo', 'pid=,sess='], { encoding: 'utf8' });
  const own = stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, of]) => of === String(session))
    .map(([pid = '']) => pid);
  if (session > 1 && own.length > 0) spawnSync('kill', ['-KILL', ...own]);
}
