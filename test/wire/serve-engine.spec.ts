import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

const root = resolve(__dirname, '..', '..');

describe('a process that serves the engine', () => {
  for (const program of [
    'policy/direct/pulumi-analyzer-policy-meshwright',
    'provider/pulumi-resource-meshwright-routes',
  ]) {
    it(`says its port first, and comes to its own end when the engine interrupts it: ${program}`, async () => {
      const child = spawn(process.execPath, [resolve(root, program), '127.0.0.1:1'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      assert.match(line.toString(), /^\d+\n$/);
      child.kill('SIGINT');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    });
  }
});
