import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { takeDown } from '../../cli/start/take-down';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { applyObjects, type Lab } from '../../lab';
import { get, sharedLab, START_TIMEOUT_MS } from '../lab/support';
import { meshwright } from './support';

const name = 'down-spec';
const log = (): void => undefined;
const space: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'down-spec' } };
const map = (namespace: string, called: string): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: called, namespace },
});

describe('meshwright down', function () {
  this.timeout(START_TIMEOUT_MS);
  let lab: Lab;
  before(async () => {
    lab = await sharedLab();
  });

  /** What was asked and told. */
  async function down(agrees: boolean): Promise<{ done: boolean; asked: string[]; told: string }> {
    const asked: string[] = [];
    let told = '';
    const done = await takeDown(lab, name, {
      agreed: (question) => {
        asked.push(question);
        return Promise.resolve(agrees);
      },
      tell: (text) => (told += text),
    });
    return { done, asked, told };
  }

  const plan = [
    'Plan',
    '~ Namespace default',
    '    metadata.labels.istio-injection: was "enabled" (gone)',
    '- ConfigMap default/down-spec',
    '- ConfigMap down-spec/inside',
    '- Namespace down-spec',
    '0 to create, 1 to change, 3 to remove, 0 unchanged',
    '',
    '',
  ].join('\n');

  it('shows the plan, and touches nothing unless it is agreed to', async () => {
    const objects = [space, map('down-spec', 'inside'), map('default', 'down-spec')];
    const existingNamespaces = { default: { labels: { 'istio-injection': 'enabled' } } };
    await applyObjects(lab, objects, { name, existingNamespaces, log });
    const asked = ['Remove down-spec from the lab?'];
    assert.deepEqual(await down(false), { done: false, asked, told: plan });
    assert.notEqual(await get(lab, 'configmap', 'inside', '-n', 'down-spec'), undefined);
  });

  it('removes the objects of the set, its label on a namespace of others, the set, and nothing else', async () => {
    await applyObjects(lab, [map('default', 'down-spec-other')], { name: 'down-spec-other', log });
    const { done, told } = await down(true);
    assert.deepEqual([done, told], [true, `${plan}Removed: ApplySet "down-spec" and all that was in it.\n`]);
    assert.equal(await get(lab, 'namespace', 'down-spec'), undefined);
    assert.equal(await get(lab, 'configmap', 'down-spec', '-n', 'default'), undefined);
    assert.equal(await get(lab, 'environments.meshwright.io', 'down-spec'), undefined);
    const { labels } = (await get(lab, 'namespace', 'default'))?.['metadata'] as { labels: object };
    assert.deepEqual(labels, { 'kubernetes.io/metadata.name': 'default' });
    assert.notEqual(await get(lab, 'configmap', 'down-spec-other', '-n', 'default'), undefined);
    await takeDown(lab, 'down-spec-other', { agreed: () => Promise.resolve(true), tell: log });
  });

  it('says so when there is nothing, and asks nobody', async () => {
    assert.deepEqual(await down(true), { done: true, asked: [], told: 'Nothing of down-spec is on the lab.\n' });
  });

  it('leaves alone what Pulumi has deployed when there is no Pulumi', async () => {
    const folder = join(lab.stateDir, 'pulumi', 'backend', '.pulumi', 'stacks', 'meshwright');
    mkdirSync(folder, { recursive: true });
    const state = { version: 3, checkpoint: { stack: name, latest: { resources: [{ urn: 'urn:x' }] } } };
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(state));
    const path = process.env['PATH'];
    process.env['PATH'] = '/nowhere';
    try {
      await assert.rejects(down(true), {
        name: 'UserError',
        message:
          'down-spec was deployed by Pulumi, which alone knows what is part of it; nothing was removed: no Pulumi CLI on PATH.',
      });
    } finally {
      process.env['PATH'] = path;
      rmSync(join(lab.stateDir, 'pulumi'), { recursive: true });
    }
  });

  it('fails an unknown sample with the nearest, before any lab is looked for', () => {
    const { code, stdout, stderr } = meshwright(['down', '--sample', '003/dela']);
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^no state "dela" of sample 003-course; did you mean "delay"\?/);
  });
});
