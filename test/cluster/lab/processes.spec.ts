import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { findMarked, processTable, stopProcess } from '../../../cluster/lab/processes/table';

describe('findMarked', () => {
  const mark = { program: 'etcd', argument: '--data-dir=/a checkout/.lab/etcd' };
  const ours = { pid: 1, commandLine: '/a cache/bin/etcd --data-dir=/a checkout/.lab/etcd --name=lab' };

  it('finds a process by its program and argument, with spaces in paths', () => {
    assert.deepEqual(findMarked([ours], mark), [ours]);
    const last = { pid: 2, commandLine: 'etcd --name=lab --data-dir=/a checkout/.lab/etcd' };
    assert.deepEqual(findMarked([last], mark), [last]);
  });

  it('ignores another lab, another program, and one that only names ours', () => {
    const others = [
      '/bin/etcd --data-dir=/a checkout/.lab/etcd2 --name=lab',
      '/bin/etcd --data-dir=/other/.lab/etcd',
      '/bin/etcdctl --data-dir=/a checkout/.lab/etcd',
      'grep -- --data-dir=/a checkout/.lab/etcd',
      'vim /a checkout/.lab/etcd',
      'sh -c /bin/etcd --data-dir=/a checkout/.lab/etcd',
    ].map((commandLine, pid) => ({ pid, commandLine }));
    assert.deepEqual(
      findMarked(others, mark).map(({ commandLine }) => commandLine),
      [],
    );
  });
});

describe('processTable and stopProcess', () => {
  const sleeper = () =>
    spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', '--', 'a b'], { stdio: 'ignore' });

  it('sees a process with its command line, and ends it', async () => {
    const child = sleeper();
    await once(child, 'spawn');
    const seen = (await processTable()).find(({ pid }) => pid === child.pid);
    assert.deepEqual(seen, {
      pid: child.pid,
      commandLine: `${process.execPath} -e setInterval(() => {}, 1000) -- a b`,
    });
    const ended = once(child, 'exit');
    await stopProcess(seen);
    assert.deepEqual(await ended, [null, 'SIGTERM']);
  });

  it('leaves a process alone that has got the pid meanwhile', async () => {
    const child = sleeper();
    await once(child, 'spawn');
    await stopProcess({ pid: child.pid ?? 0, commandLine: 'etcd --data-dir=/gone' });
    assert.equal(child.exitCode ?? child.signalCode, null);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});
