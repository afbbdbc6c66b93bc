import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { applyObjects, planObjects, removeAll, waitReady } from '../../lab';
import type { Lab } from '../../lab';
import { kubectl } from './kubectl';
import { asMap } from '../../model/json';
import { collect, get, sharedLab, START_TIMEOUT_MS } from './support';

const set = { name: 'apply-spec' };
const log = (): void => undefined;

function namespace(name: string, labels: Record<string, string> = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

function service(space: string, name: string): KubernetesObject {
  const spec = { selector: { app: name }, ports: [{ name: 'http', port: 9080 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: space }, spec };
}

function deployment(space: string, name: string): KubernetesObject {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'example.com/app:1' }] } };
  const spec = { replicas: 2, selector: { matchLabels: labels }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: space }, spec };
}

function destinationRule(space: string, version: string): KubernetesObject {
  const spec = { host: 'reviews', subsets: [{ name: version, labels: { version } }] };
  const metadata = { name: `reviews-${version}`, namespace: space };
  return { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata, spec };
}

function virtualService(space: string, v3: number, rest = 100 - v3): KubernetesObject {
  const to = (subset: string, weight: number) => ({ destination: { host: 'reviews', subset }, weight });
  const spec = { hosts: ['reviews'], http: [{ route: [to('v1', rest), to('v3', v3)] }] };
  const metadata = { name: 'reviews', namespace: space };
  return { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec };
}

function shop(v3 = 10): KubernetesObject[] {
  return [
    virtualService('shop', v3),
    destinationRule('shop', 'v1'),
    destinationRule('shop', 'v3'),
    deployment('shop', 'reviews'),
    service('shop', 'reviews'),
    namespace('shop', { 'istio-injection': 'enabled' }),
    namespace('gate'),
    service('gate', 'entry'),
  ];
}

const titles = [
  'VirtualService shop/reviews',
  'DestinationRule shop/reviews-v1',
  'DestinationRule shop/reviews-v3',
  'Deployment shop/reviews',
  'Service shop/reviews',
  'Namespace shop',
  'Namespace gate',
  'Service gate/entry',
];

/** `uid/generation/resourceVersion` of every member, by kind and name. */
async function versions(lab: Lab): Promise<Map<string, string>> {
  const kinds = 'namespaces,services,virtualservices,destinationrules';
  const row = '{.kind} {.metadata.name}|{.metadata.uid} {.metadata.generation} {.metadata.resourceVersion}';
  const args = [
    'get',
    kinds,
    '-A',
    '-l',
    'applyset.kubernetes.io/part-of',
    '-o',
    `jsonpath={range .items[*]}${row}{"\\n"}{end}`,
  ];
  const lines = (await kubectl(lab, args)).trim().split('\n');
  return new Map(lines.map((line) => line.split('|') as [string, string]));
}

describe('applying a set of objects', function () {
  this.timeout(START_TIMEOUT_MS);
  let lab: Lab;
  before(async () => {
    lab = await sharedLab();
  });
  after(() => removeAll(lab, { ...set, log }));

  it('plans everything as new where there is nothing, and touches nothing', async () => {
    const plan = await planObjects(lab, shop(), set);
    assert.deepEqual(plan, { created: titles, changed: [], removed: [], unchanged: 0 });
    assert.equal(await get(lab, 'namespace', 'shop'), undefined);
  });

  it('creates it stage by stage, in the order that loses no request', async () => {
    const { lines, log: tell } = collect();
    await applyObjects(lab, shop(), { ...set, log: tell });
    assert.deepEqual(
      lines.filter((line) => line.startsWith('applying')),
      [
        'applying namespaces: 2 objects',
        'applying foundations: 2 objects',
        'applying workloads: 1 object',
        'applying rules: 2 objects',
        'applying routes: 1 object',
      ],
    );
    await waitReady(lab, shop(), { log });
    const pods = await kubectl(lab, ['get', 'pods', '-n', 'shop', '-o', 'jsonpath={.items[*].status.phase}']);
    assert.equal(pods, 'Running Running');
  });

  it('changes nothing the second time', async () => {
    const before = await versions(lab);
    const nothing = { created: [], changed: [], removed: [], unchanged: titles.length };
    assert.deepEqual(await planObjects(lab, shop(), set), nothing);
    const { lines, log: tell } = collect();
    assert.deepEqual(await applyObjects(lab, shop(), { ...set, log: tell }), nothing);
    assert.deepEqual(lines, []);
    assert.deepEqual(await versions(lab), before);
  });

  it('shifts a weight in the one object that has it: same uid, next generation, all else untouched', async () => {
    const before = await versions(lab);
    const plan = await applyObjects(lab, shop(25), { ...set, log });
    assert.deepEqual(plan, {
      created: [],
      changed: [
        {
          id: 'VirtualService shop/reviews',
          changes: [
            { path: 'spec.http[0].route[0].weight', from: 90, to: 75 },
            { path: 'spec.http[0].route[1].weight', from: 10, to: 25 },
          ],
        },
      ],
      removed: [],
      unchanged: titles.length - 1,
    });
    const after = await versions(lab);
    const [uid, generation] = (before.get('VirtualService reviews') ?? '').split(' ');
    const [uidNow, generationNow, revision = ''] = (after.get('VirtualService reviews') ?? '').split(' ');
    assert.deepEqual([uidNow, Number(generationNow)], [uid, Number(generation) + 1]);
    before.set('VirtualService reviews', `${uidNow ?? ''} ${generationNow ?? ''} ${revision}`);
    assert.deepEqual(after, before);
  });

  it('shows a manual edit as a change and takes it back', async () => {
    const edit = [{ op: 'replace', path: '/spec/http/0/route/0/weight', value: 1 }];
    await kubectl(lab, ['patch', 'virtualservice', 'reviews', '-n', 'shop', '--type=json', '-p', JSON.stringify(edit)]);
    const plan = await applyObjects(lab, shop(25), { ...set, log });
    const changes = [{ path: 'spec.http[0].route[0].weight', from: 1, to: 75 }];
    assert.deepEqual(plan.changed, [{ id: 'VirtualService shop/reviews', changes }]);
    assert.deepEqual((await planObjects(lab, shop(25), set)).changed, []);
  });

  it('leaves alone what others add', async () => {
    await kubectl(lab, ['label', 'service', 'reviews', '-n', 'shop', 'team=theirs']);
    assert.deepEqual((await planObjects(lab, shop(25), set)).changed, []);
  });

  it('removes exactly what left the set, traffic first, whatever namespace it is in', async () => {
    await kubectl(lab, ['create', 'configmap', 'bystander', '-n', 'shop']);
    const before = await versions(lab);
    const rest = shop(25).filter(({ kind, metadata }) => kind !== 'VirtualService' && !metadata.name.endsWith('v3'));
    const { lines, log: tell } = collect();
    const plan = await applyObjects(lab, rest.slice(0, -1), { ...set, log: tell });
    const removed = ['DestinationRule shop/reviews-v3', 'Service gate/entry', 'VirtualService shop/reviews'];
    assert.deepEqual([plan.created, plan.changed, [...plan.removed].sort()], [[], [], removed]);
    assert.deepEqual(lines, [
      'removing VirtualService shop/reviews',
      'removing DestinationRule shop/reviews-v3',
      'removing Service gate/entry',
    ]);
    const gone = ['VirtualService reviews', 'DestinationRule reviews-v3', 'Service entry'];
    for (const name of gone) before.delete(name);
    assert.deepEqual(await versions(lab), before);
    assert.notEqual(await get(lab, 'configmap', 'bystander', '-n', 'shop'), undefined);
  });

  it('removes a namespace with all that is in it, and can have it again at once', async () => {
    const kept = [namespace('gate')];
    await applyObjects(lab, kept, { ...set, log });
    assert.equal(await get(lab, 'namespace', 'shop'), undefined);
    await applyObjects(lab, [...kept, namespace('shop'), service('shop', 'reviews')], { ...set, log });
    assert.notEqual(await get(lab, 'service', 'reviews', '-n', 'shop'), undefined);
  });

  it('waits for a namespace that somebody is deleting', async () => {
    const objects = [namespace('gate'), namespace('shop'), service('shop', 'reviews')];
    await applyObjects(lab, objects, { ...set, log });
    // A finalizer keeps the namespace until it is seen that we wait.
    const metadata = { name: 'hold', namespace: 'shop', finalizers: ['example.com/hold'] };
    await kubectl(lab, ['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata }));
    await kubectl(lab, ['delete', 'namespace', 'shop', '--wait=false']);
    const letGo = [
      'patch',
      'configmap',
      'hold',
      '-n',
      'shop',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ];
    const { lines, log: tell } = collect();
    let released: Promise<string> | undefined;
    const plan = await applyObjects(lab, objects, {
      ...set,
      log: (line) => {
        tell(line);
        released ??= kubectl(lab, letGo);
      },
    });
    await released;
    assert.deepEqual(plan.created, ['Namespace shop', 'Service shop/reviews']);
    assert.equal(lines[0], 'waiting for the end of namespace shop');
    assert.deepEqual((await planObjects(lab, objects, set)).unchanged, 3);
  });

  it('brings kinds and their objects in one go, and takes them away again', async () => {
    const definition: KubernetesObject = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { kind: 'Widget', plural: 'widgets' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    };
    const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'gate' } };
    const plan = await applyObjects(lab, [widget, definition, namespace('gate')], { ...set, log });
    assert.deepEqual(plan.created, ['Widget gate/w', 'CustomResourceDefinition widgets.example.com']);
    assert.notEqual(await get(lab, 'widgets.example.com', 'w', '-n', 'gate'), undefined);
    await applyObjects(lab, [namespace('gate')], { ...set, log });
    assert.equal(await get(lab, 'crd', 'widgets.example.com'), undefined);
    assert.deepEqual((await planObjects(lab, [namespace('gate')], set)).removed, []);
  });

  it('goes on where an interrupted run stopped, and still knows what to remove', async () => {
    const labels = asMap(asMap((await get(lab, 'namespace', 'gate'))?.['metadata'])['labels']);
    const orphan = service('gate', 'orphan');
    const member = { ...orphan, metadata: { ...orphan.metadata, labels: labels as Record<string, string> } };
    // What a run leaves that was killed between its stages: the parent knows where to look, one object is there, no other is.
    const parent = await get(lab, 'environments.meshwright.io', set.name);
    assert.notEqual(parent, undefined);
    const patch = { metadata: { annotations: { 'applyset.kubernetes.io/contains-group-kinds': 'Namespace,Service' } } };
    await kubectl(lab, ['patch', 'environments.meshwright.io', set.name, '--type=merge', '-p', JSON.stringify(patch)]);
    await kubectl(lab, ['create', '-f', '-'], JSON.stringify(member));
    const plan = await applyObjects(lab, [namespace('gate'), service('gate', 'entry')], { ...set, log });
    assert.deepEqual(plan, {
      created: ['Service gate/entry'],
      changed: [],
      removed: ['Service gate/orphan'],
      unchanged: 1,
    });
    assert.equal(await get(lab, 'service', 'orphan', '-n', 'gate'), undefined);
  });

  it('removes the whole set, and nothing but the set', async () => {
    await kubectl(lab, ['create', 'namespace', 'neighbour']);
    const { lines, log: tell } = collect();
    const removed = await removeAll(lab, { ...set, log: tell });
    assert.deepEqual(removed, ['Namespace gate', 'Service gate/entry']);
    assert.deepEqual(
      lines.filter((line) => line.startsWith('removing')), // The rest is that it takes time.
      ['removing Service gate/entry', 'removing Namespace gate'],
    );
    assert.equal(await get(lab, 'environments.meshwright.io', set.name), undefined);
    assert.notEqual(await get(lab, 'namespace', 'neighbour'), undefined);
    await kubectl(lab, ['delete', 'namespace', 'neighbour', '--wait=false']);
    assert.deepEqual(await removeAll(lab, { ...set, log }), []);
  });

  it('names who is not Ready when the time is up', async () => {
    const stuck = deployment('shop', 'stuck');
    const spec = {
      ...stuck.spec,
      template: {
        metadata: { labels: { app: 'stuck' } },
        spec: { nodeName: 'none', containers: [{ name: 'app', image: 'x' }] },
      },
    };
    const objects = [namespace('shop'), { ...stuck, spec }];
    await assert.rejects(applyObjects(lab, objects, { ...set, log, timeoutSeconds: 1 }), {
      name: 'LabError',
      message:
        'Not Ready after 1 s:\n  Deployment shop/stuck: 0 of 2 replicas Ready: Deployment does not have minimum availability.',
    });
  });
});
