import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { stringify } from 'yaml';
import type { LiveError } from '../../../cluster/api/errors';
import { loadKubeconfig } from '../../../cluster/api/kubeconfig';

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
  before(() => writeFileSync(file, stringify(kubeconfig)));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const given: [string, string][] = [
    ['the path of a file', file],
    ['a text of YAML', stringify(kubeconfig)],
    ['a text of JSON', JSON.stringify(kubeconfig, undefined, 2)],
    ['a text of JSON in a line', JSON.stringify(kubeconfig)],
  ];
  for (const [what, value] of given) {
    it(`may be ${what}`, () => {
      const loaded = loadKubeconfig(new KubeConfig(), { kubeconfig: value, context: 'two' });
      assert.deepEqual(
        [loaded.getCurrentCluster()?.server, loaded.getCurrentUser()?.token, loaded.getCurrentContext()],
        ['https://127.0.0.1:1', 'secret', 'two'],
      );
    });
  }

  it('that is not there, or has no such context, is an error that says what there is', () => {
    const refusal = (options: object): object => {
      try {
        return loadKubeconfig(new KubeConfig(), options);
      } catch (error) {
        const { problem, message } = error as LiveError;
        return { problem, message };
      }
    };
    const path = join(folder, 'none');
    assert.deepEqual(refusal({ kubeconfig: path }), {
      problem: 'no-cluster',
      message: `the kubeconfig cannot be read: ENOENT: no such file or directory, open '${path}'`,
    });
    assert.deepEqual(refusal({ kubeconfig: file, context: 'three' }), {
      problem: 'no-cluster',
      message: 'the kubeconfig has no context three; it has one, two',
    });
  });
});
