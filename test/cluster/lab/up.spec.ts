import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { labDown, labProcessNames, labStatus, labUp } from '../../../cluster/lab';
import type { Lab, LabProcessName } from '../../../cluster/lab';
import { kubectl } from './kubectl';
import { collect, get, newRoot, START_TIMEOUT_MS } from './support';

async function pids(root: string): Promise<Record<string, number | undefined>> {
  const { processes } = await labStatus({ root });
  return Object.fromEntries(processes.map(({ name, pid }) => [name, pid]));
}

/** Local addresses on which a process listens, from /proc. */
async function listeners(pid: number): Promise<string[]> {
  const folder = `/proc/${pid}/fd`;
  const links = await Promise.all((await readdir(folder)).map((fd) => readlink(path.join(folder, fd)).catch(() => '')));
  const inodes = new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
  const tables = await Promise.all(
    ['tcp', 'tcp6', 'udp', 'udp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')),
  );
  const rows = tables.flatMap((table) => table.trim().split('\n').slice(1)).map((line) => line.trim().split(/\s+/));
  const listening = '0A';
  return rows
    .filter((row) => row[3] === listening && inodes.has(row[9] ?? ''))
    .map((row) => row[1]?.split(':')[0] ?? '');
}

/** Listens on a port of 127.0.0.1 as soon as no other process does. */
async function listenWhenFree(port: number): Promise<Server> {
  const server = createServer();
  for (;;) {
    server.listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return server;
    } catch {
      await setImmediate();
    }
  }
}

/** Names of the processes that a start reports. */
function startedBy(lines: readonly string[]): string[] {
  return lines.flatMap((line) => /^lab: (\S+) started/.exec(line)?.[1] ?? []).sort();
}

describe('a lab', function () {
  this.timeout(300_000);
  let root: string;
  let lab: Lab;
  const up = async (): Promise<string[]> => {
    const { lines, log } = collect();
    lab = await labUp({ root, log });
    return lines;
  };
  before(async () => {
    root = await newRoot();
  });

  it('has a status before its first start', async () => {
    assert.deepEqual(await labStatus({ root }), {
      stateDir: path.join(root, '.lab'),
      processes: labProcessNames.map((name) => ({
        name,
        running: false,
        logFile: path.join(root, '.lab', 'logs', `${name}.log`),
      })),
      apiServer: { reachable: false },
    });
    assert.equal(existsSync(path.join(root, '.lab')), false, 'labStatus must not write');
  });

  it('starts every process, and its kubeconfig works', async function () {
    this.timeout(START_TIMEOUT_MS);
    await up();
    const status = await labStatus({ root });
    assert.deepEqual(
      status.processes.map(({ name, running }) => [name, running]),
      labProcessNames.map((name) => [name, true]),
    );
    assert.deepEqual(status.apiServer, { reachable: true, version: lab.version, url: lab.server });
    assert.equal(status.kubeconfig, lab.kubeconfig);
    assert.match(lab.version, /^v1\.\d+\.\d+/);
    const nodes = await kubectl(lab, [
      'get',
      'nodes',
      '-o',
      'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}',
    ]);
    assert.equal(nodes, 'True True');
  });

  it('listens on 127.0.0.1 only', async function () {
    if (process.platform !== 'linux') {
      console.log('      skipped: needs /proc');
      this.skip();
    }
    const loopback = '0100007F'; // 127.0.0.1, little-endian
    const ports: Record<LabProcessName, number> = {
      etcd: 2,
      'kube-apiserver': 1,
      'kube-controller-manager': 1,
      'kube-scheduler': 1,
      kwok: 1,
      'lab-node': 4,
      prometheus: 1,
    };
    for (const [name, pid] of Object.entries(await pids(root))) {
      const expected = Array.from({ length: ports[name as LabProcessName] }, () => loopback);
      assert.deepEqual(await listeners(pid ?? 0), expected, name);
    }
  });

  it('is left alone when it runs already', async () => {
    const before = await pids(root);
    assert.deepEqual(await up(), []);
    assert.deepEqual(await pids(root), before);
  });

  for (const name of labProcessNames) {
    it(`is repaired when ${name} was killed`, async () => {
      const { [name]: killed, ...others } = await pids(root);
      process.kill(killed ?? 0, 'SIGKILL');
      const lines = await up();
      const { [name]: started, ...left } = await pids(root);
      const anew = labProcessNames.filter((one) => one === name || left[one] !== others[one]);
      // Watchers of the API server restart with it, as they would wait long before they watch again.
      const watchers = ['kube-controller-manager', 'kube-scheduler', 'kwok', 'lab-node'];
      const storage = name === 'etcd' || name === 'kube-apiserver';
      assert.deepEqual(anew, storage ? [name, ...watchers] : [name]);
      assert.deepEqual(lines.map((line) => /^lab: (\S+) started/.exec(line)?.[1]).sort(), [...anew].sort());
      assert.notEqual(started, undefined);
      assert.notEqual(started, killed);
    });
  }

  it('restarts a process that runs but does not answer', async () => {
    const { 'kube-scheduler': hung, ...others } = await pids(root);
    process.kill(hung ?? 0, 'SIGSTOP');
    const lines = await up();
    assert.equal(lines[0], `lab: kube-scheduler (pid ${hung ?? 0}) does not answer, restarting it`);
    const { 'kube-scheduler': started, ...left } = await pids(root);
    assert.deepEqual(left, others);
    assert.notEqual(started, hung);
  });

  it('keeps kubectl out of the home directory', async () => {
    const home = path.join(root, 'home');
    await mkdir(path.join(home, '.kube'), { recursive: true });
    for (const file of ['config', 'kuberc']) await writeFile(path.join(home, '.kube', file), 'not: [yaml');
    await kubectl({ ...lab, env: { ...lab.env, HOME: home } }, ['get', 'namespaces']);
    assert.deepEqual((await readdir(home, { recursive: true })).sort(), ['.kube', '.kube/config', '.kube/kuberc']);
  });

  it('runs beside the lab of another checkout', async () => {
    const other = await newRoot();
    const second = await labUp({ root: other, log: () => undefined });
    assert.notEqual(second.server, lab.server);
    await kubectl(second, ['create', 'namespace', 'only-there']);
    assert.equal(await get(lab, 'namespace', 'only-there'), undefined);
    const before = await pids(root);
    await labDown({ root: other, log: () => undefined, purge: true });
    assert.deepEqual(await pids(root), before);
  });

  it('stops, keeps its data, and chooses new ports when one is taken meanwhile', async () => {
    await kubectl(lab, ['create', 'namespace', 'kept']);
    const { lines, log } = collect();
    await labDown({ root, log });
    assert.deepEqual(lines, [
      'lab: prometheus, lab-node, kwok, kube-scheduler, kube-controller-manager, kube-apiserver, etcd stopped',
    ]);
    assert.deepEqual(await pids(root), Object.fromEntries(labProcessNames.map((name) => [name, undefined])));

    const squatter = createServer().listen(Number(new URL(lab.server).port), '127.0.0.1');
    const before = lab.server;
    const restarted = await up();
    squatter.close();
    assert.equal(restarted[0], 'lab: another program has taken one of its ports, choosing new ones');
    assert.notEqual(lab.server, before);
    assert.notEqual(await get(lab, 'namespace', 'kept'), undefined);
  });

  it('chooses new ports when a program takes one between two starts of a process', async () => {
    const before = await pids(root);
    process.kill(before['kube-apiserver'] ?? 0, 'SIGKILL');
    // lab-node restarts with the API server, and its port is free for a moment.
    const port = lab.nodePort;
    const squatter = listenWhenFree(port);
    const lines = await up();
    (await squatter).close();
    assert.deepEqual(
      lines.filter((line) => line.includes('taken')),
      ['lab: another program has taken a port of lab-node, choosing new ones'],
    );
    assert.notEqual(lab.nodePort, port);
    assert.notEqual(await get(lab, 'namespace', 'kept'), undefined);
  });

  it('is repaired when lab.json is truncated, and keeps its data', async () => {
    await truncate(path.join(root, '.lab', 'lab.json'), 30);
    const lines = await up();
    assert.deepEqual(startedBy(lines), [...labProcessNames].sort());
    assert.notEqual(await get(lab, 'namespace', 'kept'), undefined);
  });

  it('is repaired when its certificates are damaged, and keeps its data', async () => {
    await truncate(path.join(root, '.lab', 'pki', 'admin.crt'), 100);
    const [first, ...lines] = await up();
    assert.equal(first, 'lab: its certificates are damaged or expired, making new ones');
    assert.deepEqual(startedBy(lines), [...labProcessNames].sort());
    assert.notEqual(await get(lab, 'namespace', 'kept'), undefined);
  });

  it('names the command that repairs it when the data of etcd is damaged', async () => {
    await labDown({ root, log: () => undefined });
    await truncate(path.join(root, '.lab', 'etcd', 'member', 'snap', 'db'), 1000);
    await assert.rejects(up(), (error: Error) => {
      assert.equal(error.name, 'LabError');
      const [first = '', ...rest] = error.message.split('\n');
      assert.match(first, /^etcd ended at once \(.+\)\. The end of its log .+:$/);
      assert.equal(
        rest.at(-1),
        "If the lab's data is damaged, `npx meshwright lab down --purge` removes it, with all stacks on the lab. The next start makes a new lab.",
      );
      return true;
    });
    await labDown({ root, log: () => undefined, purge: true });
    await up();
    assert.equal(await get(lab, 'namespace', 'kept'), undefined);
  });

  it('says that the data of the cluster is gone', async () => {
    await labDown({ root, log: () => undefined });
    await rm(path.join(root, '.lab', 'etcd'), { recursive: true });
    await mkdir(path.join(root, '.lab', 'pulumi', 'backend'), { recursive: true });
    const [first] = await up();
    assert.equal(
      first,
      'lab: the data of its cluster is gone, but not the stacks: `npm start -- --refresh` deploys a stack again',
    );
  });

  it('is found and stopped even when its folder was deleted, and leaves no files', async () => {
    await rm(path.join(root, '.lab'), { recursive: true });
    const { lines, log } = collect();
    await labDown({ root, log, purge: true });
    assert.deepEqual(lines, [
      'lab: prometheus, lab-node, kwok, kube-scheduler, kube-controller-manager, kube-apiserver, etcd stopped',
      `lab: ${path.join(root, '.lab')} removed`,
    ]);
    assert.equal(existsSync(path.join(root, '.lab')), false);
  });

  it('reports when there is nothing to stop', async () => {
    const { lines, log } = collect();
    await labDown({ root, log });
    assert.deepEqual(lines, ['lab: nothing runs']);
  });
});
