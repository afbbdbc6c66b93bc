import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the command as users do, in a separate process. */
export function meshwright(
  words: string[],
  options: { input?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Ran {
  const bin = resolve(__dirname, '..', '..', 'cli', 'bin.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...words], {
    encoding: 'utf8',
    input: '',
    ...options,
  });
  return { code: status, stdout, stderr };
}

/** A folder for one test file, removed when its tests are done. */
export function temporaryFolder(): { path: string; file: (name: string, text: string) => string } {
  const path = mkdtempSync(join(tmpdir(), 'meshwright-cli-'));
  after(() => rmSync(path, { recursive: true, force: true }));
  return {
    path,
    file: (name, text) => {
      const file = join(path, name);
      writeFileSync(file, text);
      return file;
    },
  };
}

/** A small stack file with these weights and other settings for the route of reviews. */
export function reviewsStack(weights: string, more = ''): string {
  return `config:
  meshwright:namespaces: { bookinfo: { injection: true } }
  meshwright:apps: { bookinfo: { namespace: bookinfo } }
  meshwright:routes:
    bookinfo:
      reviews:
        versions: [v1, v2, v3]
        weights: ${weights}
${more}`;
}
