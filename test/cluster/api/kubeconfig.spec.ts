import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadKubeconfig, type KubeconfigOptions } from '../../../cluster/api/kubeconfig';
import { ClusterError } from '../../../cluster/api';

const kubeconfig = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'here', cluster: { server: 'https://127.0.0.1:1' } }],
  users: [{ name: 'me', user: { token: 'secret' } }],
  contexts: ['one', 'two'].map((name) => ({ name, context: { cluster: 'here', user: 'me' } })),
  'current-context': 'one',
};

describe('a kubeconfig', () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-kubeconfig-'));
  const file = join(folder, 'config: mine');
  const home = process.env['HOME'];
  before(() => {
    writeFileSync(file, stringify(kubeconfig));
    process.env['HOME'] = folder;
  });
  after(() => {
    process.env['HOME'] = home;
    rmSync(folder, { recursive: true, force: true });
  });

  const given: [string, string][] = [
    ['the path of a file', file],
    ['YAML', stringify(kubeconfig)],
    ['JSON', JSON.stringify(kubeconfig, undefined, 2)],
    ['JSON in one line', JSON.stringify(kubeconfig)],
  ];
  for (const [what, value] of given) {
    it(`may be given as ${what}`, () => {
      const loaded = loadKubeconfig({ kubeconfig: value, context: 'two' });
      assert.deepEqual(
        [loaded.getCurrentCluster()?.server, loaded.getCurrentUser()?.token, loaded.getCurrentContext()],
        ['https://127.0.0.1:1', 'secret', 'two'],
      );
    });
  }

  const refusal = (options: KubeconfigOptions, env: NodeJS.ProcessEnv = {}): object => {
    try {
      return loadKubeconfig(options, env);
    } catch (error) {
      assert.ok(error instanceof ClusterError);
      return { problem: error.problem, message: error.message };
    }
  };
  const without = (key: string): string => stringify({ ...kubeconfig, [key]: undefined });
  const server = (value: string): string =>
    stringify({ ...kubeconfig, clusters: [{ name: 'here', cluster: { server: value } }] });

  const refused: [string, KubeconfigOptions, string][] = [
    [
      'is not named anywhere',
      {},
      'there is no kubeconfig: KUBECONFIG is not set, and ~/.kube/config does not exist. Set KUBECONFIG, or start the lab: npx meshwright lab up',
    ],
    [
      'does not exist',
      { kubeconfig: join(folder, 'none') },
      `the kubeconfig cannot be read: ENOENT: no such file or directory, open '${join(folder, 'none')}'`,
    ],
    [
      'has no such context',
      { kubeconfig: file, context: 'three' },
      'the kubeconfig has no context three; it has one, two',
    ],
    [
      'has no current context',
      { kubeconfig: without('current-context') },
      'the kubeconfig has no current context; it has one, two',
    ],
    ['is empty', { kubeconfig: '{}\n' }, 'the kubeconfig has no current context; it has none'],
    [
      'has a context without a cluster',
      { kubeconfig: without('clusters') },
      'context one of the kubeconfig names no cluster with a server',
    ],
    [
      'has a server that is not a URL',
      { kubeconfig: server('here:6443:x') },
      'context one of the kubeconfig has the server "here:6443:x", which is not a URL',
    ],
  ];
  for (const [what, options, message] of refused) {
    it(`that ${what} is refused in one line`, () => {
      assert.deepEqual(refusal(options), { problem: 'no-cluster', message });
    });
  }

  it('is refused in one line if it is not YAML', () => {
    const { message } = refusal({ kubeconfig: 'a: [\nb' }) as { message: string };
    assert.match(message, /^the kubeconfig cannot be read: .+$/);
  });
});
