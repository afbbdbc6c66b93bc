import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stackValue } from '../../../config/edit';
import { effectiveWeights } from '../../../mesh/manifests/weights';
import type { Weights } from '../../../mesh/manifests/settings';
import { long } from '../../support/long';
import type { ShiftStage } from './stage';

const kills = 30;

/** The commands as users run them, in the stage's copy of the project. */
export function describeCommands(theStage: () => ShiftStage): void {
  const command = (...words: string[]): string[] => [join(theStage().root, 'cli', 'bin.js'), ...words];
  const options = (): { cwd: string; env: NodeJS.ProcessEnv } => {
    const env = { ...process.env };
    delete env['KUBECONFIG'];
    return { cwd: theStage().root, env };
  };
  const run = (...words: string[]): { code: number | null; stdout: string; output: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, command(...words, '--stack', 'shop'), {
      ...options(),
      encoding: 'utf8',
    });
    return { code: status, stdout, output: `${stdout}${stderr}` };
  };
  const done = (code: number, ...words: string[]): string => {
    const ran = run(...words);
    assert.equal(ran.code, code, ran.output);
    return ran.output;
  };
  const configured = (): unknown =>
    effectiveWeights(stackValue(theStage().text, ['routes', 'shop', 'hello', 'weights']) as Weights);

  it('does one step in each tick, and undo takes it back with a program that does not compile', async () => {
    const { original } = theStage();
    theStage().recordLive();
    const flags = ['--to', 'v2', '--steps', '100', '--every', '1s', '--no-metrics', '--tick'];
    done(10, 'shift', 'hello', ...flags);
    assert.match(done(2, 'shift', 'hello', ...flags), /shop\/hello is being shifted already/);
    await sleep(1000);
    done(0, 'shift', 'hello', '--tick');
    const all = { v1: 0, v2: 100 };
    assert.deepEqual([theStage().text, await theStage().clusterWeights()], [original.replace('v2: 0', 'v2: 100'), all]);
    const { phase, label } = theStage().shiftOutput() as { phase: string; label: string };
    assert.deepEqual([phase, label], ['promoted', 'v2 100 %']);
    writeFileSync(join(theStage().root, 'index.ts'), 'this is not TypeScript (');
    try {
      assert.match(done(3, 'shift', 'hello', '--to', 'v1', '--no-metrics', '--tick'), /the program cannot be compiled/);
      assert.match(done(1, 'shift', 'hello', '--abort'), /aborted/);
      done(0, 'undo', 'hello');
      assert.deepEqual([theStage().text, await theStage().clusterWeights()], [original, { v1: 100, v2: 0 }]);
    } finally {
      theStage().repair();
    }
  });

  it('answers a verification job and a webhook of Flagger', async () => {
    const verdict = (code: number): unknown => {
      const ran = run('live', 'hello', '--json');
      assert.equal(ran.code, code, ran.output);
      const { routes } = JSON.parse(ran.stdout) as { routes: { route: string; live: boolean }[] };
      return routes.map(({ route, live }) => [route, live]);
    };
    const server = spawn(process.execPath, command('live', '--listen', '127.0.0.1:0', '--stack', 'shop'), {
      ...options(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      const url = await new Promise<string>((found) => {
        let said = '';
        server.stderr.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          const [address] = /http:\/\/[\d.:]+/.exec(said) ?? [];
          if (address !== undefined) found(address);
        });
      });
      const body = JSON.stringify({ name: 'hello', namespace: 'shop', phase: 'Progressing', metadata: {} });
      const asked = async (): Promise<number> => (await fetch(url, { method: 'POST', body })).status;
      assert.deepEqual([verdict(0), await asked()], [[['shop/hello', true]], 200]);
      theStage().edit('v2: 0', 'v2: 30');
      assert.deepEqual([verdict(1), await asked()], [[['shop/hello', false]], 503]);
    } finally {
      server.kill();
    }
  });

  if (!long) return;
  it(`continues after kill -9 at ${kills} random points: journal, file and cluster agree`, async function () {
    this.timeout(3_600_000);
    for (let turn = 0; turn < kills; turn++) {
      const to = turn % 2 === 0 ? 'v2' : 'v1';
      const words = ['shift', 'hello', '--to', to, '--steps', '100', '--every', '1s', '--no-metrics', '--json'];
      const child = spawn(process.execPath, command(...words, '--stack', 'shop'), {
        ...options(),
        detached: true,
        stdio: 'ignore',
      });
      const wait = Math.round(500 + Math.random() * 11_000);
      await sleep(wait);
      killSession(child.pid ?? 0);
      const killed = theStage().latest()?.phase;
      let code: number | null = 10;
      // Killed before the journal was written, nothing has begun, and there is nothing to continue.
      for (let tick = 0; tick < 20 && code === 10 && killed !== undefined; tick++) {
        code = run('shift', 'hello', '--tick').code;
        if (code === 10) await sleep(500);
      }
      const { steps = [], at = 0, phase } = theStage().latest() ?? {};
      const weights = await theStage().clusterWeights();
      console.log(
        `      killed after ${wait} ms while ${killed ?? 'starting'}: ${phase ?? 'none'}, ${JSON.stringify(weights)}`,
      );
      assert.deepEqual(weights, configured());
      if (phase === undefined) continue;
      const journal = effectiveWeights(steps[at]?.routes['shop/hello']?.weights ?? {});
      assert.deepEqual([code, phase, journal], [0, 'promoted', weights]);
    }
  });
}

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
