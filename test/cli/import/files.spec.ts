import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { replaceFile } from '../../../cli/files';
import { temporaryFolder } from '../support';

describe('replacing a stack file', () => {
  const root = temporaryFolder();

  it('leaves the complete old or new file when the process is killed', async () => {
    const file = join(root.path, 'killed.yaml');
    writeFileSync(file, 'a'.repeat(4_000_000));
    for (const milliseconds of [0, 3, 17, 40]) {
      const child = spawn(process.execPath, ['-r', 'tsx/cjs', join(__dirname, 'replace-child.ts'), file], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      await once(child.stdout, 'data');
      await pause(milliseconds);
      child.kill('SIGKILL');
      await once(child, 'exit');
      const text = readFileSync(file, 'utf8');
      assert.ok(text === 'a'.repeat(4_000_000) || text === 'b'.repeat(4_000_000), `${text.length} characters`);
    }
  });

  it('keeps a link and the mode of the file', () => {
    const file = root.file('real.yaml', 'old');
    chmodSync(file, 0o600);
    const link = join(root.path, 'link.yaml');
    symlinkSync(file, link);
    replaceFile(link, 'new');
    assert.equal(readFileSync(file, 'utf8'), 'new');
    assert.equal(lstatSync(link).isSymbolicLink(), true);
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });
});
