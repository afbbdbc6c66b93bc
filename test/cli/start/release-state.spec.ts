import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Deployment } from '@pulumi/pulumi/automation';
import { releaseState } from '../../../cli/start/release-state';
import type { StateHolder } from '../../../cli/start/state-holder';
import { routeType } from '../../../mesh/manifests/route-set';
import { object, urnOf } from './events';

const resource = (type: string, name: string, inputs: object, custom = true): object => ({
  urn: urnOf({ type, name }),
  type,
  custom,
  inputs,
});
const route = {
  namespace: 'shop',
  objects: { 'VirtualService shop/pay': '{"kind":"VirtualService"}', 'DestinationRule shop/pay.v1': '{}' },
};
const resources = [
  resource('pulumi:pulumi:Stack', 'meshwright-dev', {}, false),
  resource('pulumi:providers:kubernetes', 'default', {}),
  resource('kubernetes:core/v1:ConfigMap', 'note', object('ConfigMap', 'shop/note')),
  resource('kubernetes:core/v1:NamespacePatch', 'labels', object('Namespace', 'shop')),
  resource('kubernetes:helm.sh/v3:Release', 'istiod', { name: 'istiod', namespace: 'istio-system' }),
  resource(routeType, 'shop/pay', route),
];
const state = (deployment: object): Deployment => ({ version: 3, deployment });

/** Runs a release on a state, and returns what it said and left. */
async function run(
  before: Deployment,
  { agrees = true, backup }: { agrees?: boolean; backup?: string } = {},
): Promise<{ done: boolean; printed: string; asked: string[]; imported: Deployment[] }> {
  const [asked, imported]: [string[], Deployment[]] = [[], []];
  let printed = '';
  const stack: StateHolder = {
    exportStack: () => Promise.resolve(before),
    importStack: (next) => Promise.resolve(void imported.push(next)),
  };
  const done = await releaseState('dev', stack, {
    print: (text) => (printed += text),
    confirm: (question) => Promise.resolve((asked.push(question), agrees)),
    ...(backup === undefined ? {} : { backup }),
  });
  return { done, printed, asked, imported };
}

const plan = [
  'Plan',
  '. ConfigMap shop/note',
  '. Namespace shop (labels and annotations)',
  '. Release istio-system/istiod',
  '. VirtualService shop/pay',
  '. DestinationRule shop/pay.v1',
  '5 to release: they leave the state, and do not change in the cluster',
  '',
  '',
].join('\n');

describe('the release of a stack', () => {
  it('names every object, asks, and leaves a state without resources', async () => {
    assert.deepEqual(await run(state({ manifest: { time: 'now' }, secrets_providers: { type: 'p' }, resources })), {
      done: true,
      printed: `${plan}released: the cluster keeps 5 objects, and dev has none\n`,
      asked: ['Release the objects of the stack dev?'],
      imported: [
        state({ manifest: { time: 'now' }, secrets_providers: { type: 'p' }, resources: [], pending_operations: [] }),
      ],
    });
  });

  it('changes nothing when it is not confirmed', async () => {
    const { done, printed, imported } = await run(state({ resources }), { agrees: false });
    assert.deepEqual({ done, printed, imported }, { done: false, printed: plan, imported: [] });
  });

  it('says that an update was interrupted', async () => {
    const { printed } = await run(state({ resources, pending_operations: [{}, {}] }));
    assert.ok(printed.includes('An update was interrupted: 2 operations may not be finished in the cluster.\n'));
  });

  it('asks nothing about an empty state', async () => {
    const expected = { done: true, printed: 'The state of dev is empty.\n', asked: [], imported: [] };
    assert.deepEqual(await run(state({})), expected);
    assert.deepEqual(await run(state({ resources: [] })), expected);
  });

  it('writes the state to a file first', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meshwright-release-'));
    const backup = join(folder, 'state.json');
    await run(state({ resources }), { backup });
    assert.deepEqual(JSON.parse(readFileSync(backup, 'utf8')), state({ resources }));
    rmSync(folder, { recursive: true });
  });

  it('says what Pulumi said when the state cannot be written', async () => {
    const stack: StateHolder = {
      exportStack: () => Promise.resolve(state({ resources })),
      importStack: () => Promise.reject(new Error('code: 255\nerror: the stack is locked\n')),
    };
    const release = releaseState('dev', stack, { print: () => undefined, confirm: () => Promise.resolve(true) });
    await assert.rejects(release, {
      name: 'UserError',
      message: 'Pulumi cannot change the state of dev: the stack is locked',
    });
  });
});
