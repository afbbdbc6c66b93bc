import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { build } from '../../../cluster/lab/binaries/build';
import type { Cache } from '../../../cluster/lab/binaries/cache';
import { collect } from './support';

/*
 * A stand-in for go, since a real build takes minutes: `list` names two packages, `build` logs its arguments and puts programs with a version
 * into the folder of -o.
 */
const fakeGo = `#!/bin/sh
echo "$*" >> "$FAKE_GO_LOG"
case "$1" in
  list) echo a.example/one; echo b.example/two ;;
  build)
    if [ -n "$FAKE_GO_FAILS" ]; then echo "one.go:1: no such thing" >&2; exit 1; fi
    sleep "\${FAKE_GO_SECONDS:-0}"
    while [ "$1" != "-o" ]; do shift; done
    for name in server kubectl; do
      printf '#!/bin/sh\\necho v1.2.3\\n' > "$2/$name" && chmod +x "$2/$name"
    done ;;
esac
`;

describe('building the programs', function () {
  this.timeout(60_000);
  const saved = { ...process.env };
  let folder: string;
  let cache: Cache;
  const goCalls = async (): Promise<string[]> => {
    const text = await readFile(path.join(folder, 'calls'), 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line.startsWith('build'));
  };

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'meshwright-build-'));
    cache = { bin: path.join(folder, 'bin'), lock: path.join(folder, 'lock'), drafts: path.join(folder, 'drafts') };
    await writeFile(path.join(folder, 'go'), fakeGo, { mode: 0o755 });
    process.env['PATH'] = `${folder}:${saved['PATH'] ?? ''}`;
    process.env['FAKE_GO_LOG'] = path.join(folder, 'calls');
  });
  afterEach(async () => {
    for (const name of ['PATH', 'FAKE_GO_LOG', 'FAKE_GO_FAILS', 'FAKE_GO_SECONDS']) {
      if (saved[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = saved[name];
    }
    await rm(folder, { recursive: true });
  });

  it('puts them into the cache under their own names, reports each step, and does it once', async () => {
    const { lines, log } = collect();
    await build('kubernetes-and-istio', ['etcd', 'kubectl'], cache, log);
    assert.deepEqual((await readdir(cache.bin)).sort(), ['etcd', 'kubectl']);
    assert.deepEqual(
      lines.map((line) => line.replace(/\d+ s$/, 'N s')),
      [
        'lab: building etcd, kubectl from their official Go modules, once for all checkouts',
        'lab: step 1 of 3: fetching Go modules',
        'lab: step 2 of 3: compiling etcd, kubectl',
        'lab: step 3 of 3: testing them',
        'lab: built in N s',
      ],
    );
    await build('kubernetes-and-istio', ['etcd', 'kubectl'], cache, log);
    assert.equal((await goCalls()).length, 1);
    assert.deepEqual((await readdir(folder)).sort(), ['bin', 'bin.files.json', 'calls', 'go']);
  });

  it('builds only what is missing', async () => {
    await mkdir(cache.bin);
    await writeFile(path.join(cache.bin, 'etcd'), '#!/bin/sh\n', { mode: 0o755 });
    await build('kubernetes-and-istio', ['etcd', 'kubectl'], cache, () => undefined);
    assert.equal(await readFile(path.join(cache.bin, 'etcd'), 'utf8'), '#!/bin/sh\n');
    assert.match((await goCalls())[0] ?? '', /-o \S+ k8s\.io\/kubernetes\/cmd\/kubectl$/);
  });

  it('builds a truncated program again', async () => {
    await build('kubernetes-and-istio', ['etcd', 'kubectl'], cache, () => undefined);
    await truncate(path.join(cache.bin, 'etcd'), 4);
    const { lines, log } = collect();
    assert.equal(await build('kubernetes-and-istio', ['etcd', 'kubectl'], cache, log), true);
    assert.equal(lines[0], 'lab: damaged in the cache: etcd');
    const { stdout } = await promisify(execFile)(path.join(cache.bin, 'etcd'));
    assert.equal(stdout, 'v1.2.3\n');
    assert.equal(await build('kubernetes-and-istio', ['etcd', 'kubectl'], cache, log), false);
  });

  it('sets the version of the API server, which would be v0.0.0', async () => {
    await build('kubernetes-and-istio', ['kubectl'], cache, () => undefined);
    assert.match((await goCalls())[0] ?? '', /-X=k8s\.io\/component-base\/version\.gitVersion=v1\.\d+\.\d+ /);
  });

  it('is done by one of two processes at a time, while the other waits and says so', async () => {
    process.env['FAKE_GO_SECONDS'] = '1';
    const [first, second] = [collect(), collect()];
    const building = build('kubernetes-and-istio', ['kubectl'], cache, first.log);
    await sleep(200);
    await Promise.all([building, build('kubernetes-and-istio', ['kubectl'], cache, second.log)]);
    assert.equal((await goCalls()).length, 1);
    assert.deepEqual(second.lines, ['lab: another checkout is building the same programs, waiting for it']);
  });

  it('fails with the output of go, and leaves nothing unfinished in the cache', async () => {
    process.env['FAKE_GO_FAILS'] = 'yes';
    await assert.rejects(
      build('kubernetes-and-istio', ['kubectl'], cache, () => undefined),
      {
        name: 'LabError',
        message: 'go build failed (1). What is compiled so far is kept.\n  | one.go:1: no such thing',
      },
    );
    assert.deepEqual(await readdir(cache.bin), []);
    delete process.env['FAKE_GO_FAILS'];
    await build('kubernetes-and-istio', ['kubectl'], cache, () => undefined);
    assert.deepEqual(await readdir(cache.bin), ['kubectl']);
  });

  it('fails without go, and says what to do', async () => {
    process.env['PATH'] = '/nowhere';
    await assert.rejects(
      build('kubernetes-and-istio', ['kubectl'], cache, () => undefined),
      (error) => {
        assert.ok(error instanceof Error);
        assert.match(
          error.message,
          /^Go 1\.\d+ or newer is required to build the lab, and there is no go on PATH\. Get it from /,
        );
        return true;
      },
    );
  });

  it('takes over from a builder that was killed', async () => {
    const program = `
      const { build } = require('./cluster/lab/binaries/build');
      build('kubernetes-and-istio', ['kubectl'], ${JSON.stringify(cache)}, (line) => console.log(line));
    `;
    const env = { ...process.env, FAKE_GO_SECONDS: '600' };
    const args = ['-r', 'tsx/cjs', '-e', program];
    const builder = spawn(process.execPath, args, { env, detached: true, stdio: 'ignore' });
    while ((await goCalls()).length === 0) await sleep(50);
    process.kill(-(builder.pid ?? 0), 'SIGKILL'); // With the go that it has started.
    assert.equal(existsSync(cache.lock), true);
    assert.equal((await readdir(cache.drafts)).length, 1);

    await build('kubernetes-and-istio', ['kubectl'], cache, () => undefined);
    assert.deepEqual(await readdir(cache.bin), ['kubectl']);
    assert.equal(existsSync(cache.drafts), false);
    assert.equal(existsSync(cache.lock), false);
    const { stdout } = await promisify(execFile)(path.join(cache.bin, 'kubectl'));
    assert.equal(stdout, 'v1.2.3\n');
  });

  it('removes what a builder left long ago', async () => {
    await mkdir(path.join(cache.drafts, 'build-old'), { recursive: true });
    await mkdir(cache.lock);
    const longAgo = new Date(Date.now() - 3_600_000);
    await utimes(cache.lock, longAgo, longAgo);
    const { lines, log } = collect();
    await build('kubernetes-and-istio', ['kubectl'], cache, log);
    assert.ok(!lines.includes('lab: another checkout is building the same programs, waiting for it'));
    assert.equal(existsSync(cache.drafts), false);
  });
});
