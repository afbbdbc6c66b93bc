import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { builtName } from '../../../cluster/lab/binaries/build';
import {
  choose,
  isAtLeast,
  locate,
  parseVersion,
  type Found,
  type ProgramName,
} from '../../../cluster/lab/binaries/programs';

function found(versions: Partial<Record<ProgramName, string>>): Map<ProgramName, Found> {
  const entries = Object.entries(versions) as [ProgramName, string][];
  return new Map(entries.map(([name, version]) => [name, { file: `/bin/${name}`, version: parseVersion(version) }]));
}

describe('parseVersion', () => {
  it('finds the version in what each program prints', () => {
    const answers = {
      'etcd Version: 3.6.8\nGit SHA: Not provided\nGo Version: go1.26.0': [3, 6],
      'Kubernetes v1.36.3': [1, 36],
      'Client Version: v1.32.4-dispatcher\nKustomize Version: v5.5.0': [1, 32],
      'Client Version: version.Info{Major:"1", Minor:"24", GitVersion:"v1.24.1"}': [1, 24],
      'kwok version v0.8.0 go1.26.0 (linux/amd64)': [0, 8],
    };
    for (const [answer, minor] of Object.entries(answers)) assert.deepEqual(parseVersion(answer)?.minor, minor);
  });

  it('is undefined without a version', () => {
    assert.equal(parseVersion('command not found'), undefined);
  });
});

describe('isAtLeast', () => {
  it('compares numbers, not strings', () => {
    assert.equal(isAtLeast([1, 27], [1, 27]), true);
    assert.equal(isAtLeast([1, 9], [1, 27]), false);
    assert.equal(isAtLeast([2, 0], [1, 27]), true);
  });
});

describe('choose', () => {
  it('takes each program that is new enough', () => {
    assert.deepEqual(choose(found({ etcd: '3.5.0', kwok: 'v0.7.0', kubectl: 'v1.27.0' }), 'v1.36.3'), {
      use: new Map([
        ['etcd', '/bin/etcd'],
        ['kwok', '/bin/kwok'],
        ['kubectl', '/bin/kubectl'],
      ]),
      refused: [],
    });
  });

  it('refuses old programs and programs without a version', () => {
    assert.deepEqual(choose(found({ etcd: '3.4.9', kwok: '', kubectl: 'v1.26.9' }), 'v1.36.3'), {
      use: new Map(),
      refused: [
        '/bin/etcd is not used: 3.4.9 is older than 3.5: the API server needs etcd 3.5',
        '/bin/kwok is not used: it prints no version',
        '/bin/kubectl is not used: v1.26.9 is older than 1.27: older ones are untested',
      ],
    });
  });

  it('takes a control plane of any one minor version', () => {
    const versions = { 'kube-apiserver': 'v1.33.1', 'kube-controller-manager': 'v1.33.2', 'kube-scheduler': 'v1.33.1' };
    assert.deepEqual([...choose(found(versions), 'v1.36.3').use.keys()], Object.keys(versions));
  });

  it('takes a part of the control plane only in the version of the parts to build', () => {
    assert.deepEqual(choose(found({ 'kube-apiserver': 'v1.36.0' }), 'v1.36.3'), {
      use: new Map([['kube-apiserver', '/bin/kube-apiserver']]),
      refused: [],
    });
    assert.deepEqual(choose(found({ 'kube-apiserver': 'v1.33.0', 'kube-scheduler': 'v1.36.1' }), 'v1.36.3'), {
      use: new Map([['kube-scheduler', '/bin/kube-scheduler']]),
      refused: ['/bin/kube-apiserver is not used: v1.33.0 does not fit the rest of the control plane'],
    });
  });
});

describe('locate', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'meshwright-locate-'));
    await writeFile(path.join(folder, 'etcd'), '#!/bin/sh\n');
    await chmod(path.join(folder, 'etcd'), 0o755);
    await writeFile(path.join(folder, 'kwok'), 'not executable', { mode: 0o644 });
  });
  after(() => rm(folder, { recursive: true }));

  it('searches KUBEBUILDER_ASSETS, then PATH', async () => {
    assert.equal(await locate('etcd', { KUBEBUILDER_ASSETS: folder, PATH: '/nowhere' }), path.join(folder, 'etcd'));
    assert.equal(await locate('etcd', { PATH: `/nowhere:${folder}` }), path.join(folder, 'etcd'));
  });

  it('ignores files that are not executable', async () => {
    assert.equal(await locate('kwok', { PATH: folder }), undefined);
    assert.equal(await locate('kubectl', {}), undefined);
  });
});

describe('builtName', () => {
  it('is what go build calls a program', () => {
    assert.equal(builtName('go.etcd.io/etcd/server/v3'), 'server');
    assert.equal(builtName('k8s.io/kubernetes/cmd/kubectl'), 'kubectl');
  });
});
