import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = resolve(__dirname, '..', '..');

describe('a process that serves the engine', () => {
  for (const program of [
    'policy/direct/pulumi-analyzer-policy-meshwright',
    'provider/pulumi-resource-meshwright-routes',
  ]) {
    it(`prints its port first, and exits when the engine interrupts it: ${program}`, async () => {
      const child = spawn(process.execPath, [resolve(root, program), '127.0.0.1:1'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      assert.match(line.toString(), /^\d+\n$/);
      child.kill('SIGINT');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    });
  }

  it('ends after the engine was killed', async () => {
    const pack = resolve(root, 'policy/direct/pulumi-analyzer-policy-meshwright');
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, [${JSON.stringify(pack)}, '127.0.0.1:1'], { stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.once('data', () => console.log(child.pid));
    `;
    const engine = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(engine.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    engine.kill('SIGKILL');
    const deadline = Date.now() + 10_000;
    while (runs(pid)) {
      assert.ok(Date.now() < deadline, 'it still runs');
      await sleep(100);
    }
  });
});

/** An ended process may stay in the process table for a while, as a zombie. */
function runs(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}
