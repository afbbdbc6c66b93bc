import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..', '..');
const cache = join(root, 'node_modules', '.cache', 'meshwright');

describe('TypeScript, loaded without a build step', () => {
  let folder: string;
  beforeEach(() => {
    // Below the project, for its packages; of a file among those no changes are expected.
    mkdirSync(join(root, 'dist'), { recursive: true });
    folder = mkdtempSync(join(root, 'dist', 'load-spec-'));
    writeFileSync(
      join(folder, 'bin.js'),
      `require(${JSON.stringify(join(root, 'runtime', 'load'))}).load(module, __dirname, 'main');`,
    );
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
    for (const file of kept()) rmSync(join(cache, file));
  });

  /** What is kept of the file, by the ends of the names. */
  function kept(): string[] {
    const name = folder.slice(root.length + 1).replace(/\W/g, '-');
    return readdirSync(cache).filter((file) => file.startsWith(name));
  }
  function write(text: string): void {
    writeFileSync(join(folder, 'main.ts'), text);
    // Two writes in one millisecond look the same.
    const other = new Date(Date.now() - Math.floor(Math.random() * 1e9));
    utimesSync(join(folder, 'main.ts'), other, other);
  }
  function run(...flags: string[]): string {
    return execFileSync(process.execPath, [...flags, join(folder, 'bin.js')], { encoding: 'utf8' }).trim();
  }

  it('runs with what Node gives a module, with packages in the bundle and others beside it', () => {
    write(`
import { parse } from 'yaml';
import { Server } from '@grpc/grpc-js';
interface Said { a: number }
const { a }: Said = parse('a: 1') as Said;
void import('node:path').then(({ basename }) => console.log([a, typeof Server, basename(__filename), __dirname === module.path].join(' ')));
`);
    assert.equal(run(), '1 function main.js true');
  });

  it('is not compiled again while nothing changes', () => {
    write('console.log(1);');
    assert.deepEqual([run(), kept().length], ['1', 2]);
    const times = (): number[] => kept().map((file) => statSync(join(cache, file)).mtimeMs);
    const before = times();
    assert.equal(run(), '1');
    assert.deepEqual(times(), before);
  });

  it('is known by its files, by how it is bundled, and by the packages that are installed', () => {
    write('console.log(1);');
    run();
    const [file = ''] = kept().filter((name) => name.endsWith('.js'));
    const [first = ''] = readFileSync(join(cache, file), 'utf8').split('\n');
    assert.deepEqual(Object.keys(JSON.parse(first.slice(2)) as object), [
      join(folder, 'main.ts').slice(root.length + 1),
      'runtime/bundle.js',
      'package-lock.json',
    ]);
  });

  it('is new after a change, of the same length, too', () => {
    write('console.log(1);');
    assert.equal(run(), '1');
    write('console.log(2);');
    assert.equal(run(), '2');
    assert.equal(run(), '2');
  });

  it('takes nothing that was compiled with other flags, or is broken', () => {
    write('console.log(1);');
    assert.equal(run(), '1');
    assert.equal(run('--no-opt'), '1');
    for (const file of kept()) writeFileSync(join(cache, file), readFileSync(join(cache, file)).subarray(0, 40));
    assert.equal(run(), '1');
    assert.equal(run(), '1');
  });
});
