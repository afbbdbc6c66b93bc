import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
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
    // Inside the project, so that its packages are found, but not in node_modules, where changes are not noticed.
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

  /** Files in the cache that belong to this file. */
  function kept(): string[] {
    const name = folder.slice(root.length + 1).replace(/\W/g, '-');
    return readdirSync(cache).filter((file) => file.startsWith(name));
  }
  function write(text: string): void {
    writeFileSync(join(folder, 'main.ts'), text);
    // Two writes within one millisecond would have the same time.
    const other = new Date(Date.now() - Math.floor(Math.random() * 1e9));
    utimesSync(join(folder, 'main.ts'), other, other);
  }
  function run(): string {
    return execFileSync(process.execPath, [join(folder, 'bin.js')], { encoding: 'utf8' }).trim();
  }

  it('runs as a module of Node, with packages inside and outside the bundle', () => {
    write(`
import { parse } from 'yaml';
import { Server } from '@grpc/grpc-js';
interface Said { a: number }
const { a }: Said = parse('a: 1') as Said;
void import('node:path').then(({ basename, dirname }) => console.log([a, typeof Server, basename(__filename), __dirname === dirname(process.argv[1] ?? '')].join(' ')));
`);
    assert.equal(run(), '1 function main.js true');
  });

  it('gets all exports of lazily loaded modules, even by import()', () => {
    write(`
import ${JSON.stringify(join(root, 'runtime', 'lazy-sdk-imports'))};
import '@pulumi/pulumi';
void import('@pulumi/pulumi/automation/index.js').then(({ LocalWorkspace, PulumiCommand }) => console.log(typeof LocalWorkspace, typeof PulumiCommand));
`);
    assert.equal(run(), 'function function');
  });

  it('is bundled once as long as nothing changes', () => {
    write('console.log(1);');
    assert.deepEqual([run(), kept().length], ['1', 2]);
    const times = (): number[] => kept().map((file) => statSync(join(cache, file)).mtimeMs);
    const before = times();
    assert.equal(run(), '1');
    assert.deepEqual(times(), before);
  });

  it('is bundled again when its files, the loader or the installed packages change', () => {
    write('console.log(1);');
    run();
    const [file = ''] = kept().filter((name) => name.endsWith('.js'));
    const last = readFileSync(join(cache, file), 'utf8').split('\n').at(-1) ?? '';
    assert.deepEqual(Object.keys(JSON.parse(last.slice(2)) as object), [
      join(folder, 'main.ts').slice(root.length + 1),
      'runtime/load.js',
      'package-lock.json',
    ]);
  });

  it('notices a change that keeps the length', () => {
    write('console.log(1);');
    assert.equal(run(), '1');
    write('console.log(2);');
    assert.equal(run(), '2');
    assert.equal(run(), '2');
  });

  it('bundles again when the cached bundle is damaged', () => {
    write('console.log(1);');
    assert.equal(run(), '1');
    for (const file of kept()) writeFileSync(join(cache, file), readFileSync(join(cache, file)).subarray(0, 40));
    assert.equal(run(), '1');
    assert.equal(run(), '1');
  });

  it('shows the whole stack of an error with files and lines of the TypeScript', () => {
    writeFileSync(
      join(folder, 'widget.ts'),
      `interface Size {
  size: number;
}
export class Widget {
  constructor({ size }: Size) {
    this.check(size);
  }
  private check(size: number): void {
    if (size > 10) throw new Error(\`too large: \${size}\`);
  }
}
`,
    );
    write(`import { Widget } from './widget';

function twelve(): Widget {
  return new Widget({ size: 12 });
}
twelve();
`);
    for (const state of ['bundled', 'from the cache']) {
      const { stderr } = spawnSync(process.execPath, [join(folder, 'bin.js')], { encoding: 'utf8' });
      const frames = stderr.split('\n').filter((line) => line.startsWith('    at '));
      assert.deepEqual(
        frames.slice(0, 4).map((frame) => frame.trim().replace(folder, '')),
        [
          'at Widget.check (/widget.ts:9:26)',
          'at new Widget (/widget.ts:6:10)',
          'at twelve (/main.ts:4:10)',
          `at ${folder.slice(root.length + 1)}/main.ts (/main.ts:6:1)`,
        ],
        state,
      );
      assert.match(stderr, /^Error: too large: 12$/m);
    }
  });

  it('stops at breakpoints in the TypeScript', () => {
    write(`export function double(value: number): number {
  const twice: number = value * 2;
  return twice;
}
console.log(double(21));
`);
    // Like a debugger, finds the place in the bundle with the bundle's source map.
    writeFileSync(
      join(folder, 'debug.js'),
      `
const { Session } = require('node:inspector');
const { SourceMap } = require('node:module');
const { readFileSync } = require('node:fs');
const { basename } = require('node:path');
const session = new Session();
session.connect();
const lines = [];
session.on('Debugger.scriptParsed', ({ params: { scriptId, sourceMapURL = '', url, endLine } }) => {
  if (!url.endsWith(${JSON.stringify(`${folder}/main.js`)})) return;
  const map = new SourceMap(JSON.parse(readFileSync(new URL(sourceMapURL), 'utf8')));
  for (let lineNumber = 0; lineNumber < endLine; lineNumber++) {
    lines[lineNumber] = map.findEntry(lineNumber, 2);
    const { originalSource, originalLine } = lines[lineNumber];
    if (originalSource?.endsWith('/main.ts') && originalLine === 2) session.post('Debugger.setBreakpoint', { location: { scriptId, lineNumber } });
  }
});
session.on('Debugger.paused', ({ params: { callFrames: [{ functionName, location }] } }) => {
  const { originalSource, originalLine } = lines[location.lineNumber];
  console.log(functionName, basename(originalSource), originalLine + 1);
});
session.post('Debugger.enable');
require('./bin.js');
`,
    );
    const output = execFileSync(process.execPath, [join(folder, 'debug.js')], { encoding: 'utf8' });
    assert.deepEqual(output.trim().split('\n'), ['double main.ts 3', '42']);
  });
});
