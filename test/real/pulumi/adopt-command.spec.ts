import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deploy } from '../../../cli/start/deploy';
import { LabStack } from '../../../cli/start/lab-stack';
import { labDown, labUp, type Lab } from '../../../cluster/lab';
import { apiGroup, objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { renderMesh } from '../../../mesh/manifests/mesh';
import type { StackSettings } from '../../../mesh/manifests/settings';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { stepByStep } from '../../support/step-by-step';
import { sections } from './support/bookinfo';
import { clusterOf, type Cluster, type LiveObject } from './support/cluster';
import { RealStack, type Ran } from './support/real-stack';

const inShop = (apiVersion: string, kind: string, name: string, fields: object): KubernetesObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop' },
  ...fields,
});
const bank = (fields: object = { location: 'MESH_EXTERNAL' }): KubernetesObject =>
  inShop('networking.istio.io/v1', 'ServiceEntry', 'bank', {
    spec: {
      hosts: ['bank.example.com'],
      resolution: 'DNS',
      ports: [{ number: 443, name: 'tls', protocol: 'TLS' }],
      ...fields,
    },
  });
const mtls = (mode: string): KubernetesObject =>
  inShop('security.istio.io/v1', 'PeerAuthentication', 'default', { spec: { mtls: { mode } } });
const account = (labels: object): KubernetesObject => {
  const object = inShop('v1', 'ServiceAccount', 'till', {});
  return { ...object, metadata: { ...object.metadata, labels } } as KubernetesObject;
};
const till = {
  gateways: ['public'],
  hosts: ['till.example.com'],
  versions: ['v1', 'v2'],
  weights: { v1: 90, v2: 10 },
};
const hosts = (...names: string[]): object => ({
  servers: [{ hosts: names, port: { name: 'http', number: 80, protocol: 'HTTP' } }],
});

/** A mesh that other tools have deployed. */
const shop = {
  adopt: true,
  namespaces: { shop: { existing: true, injection: true } },
  gateways: { edge: { install: false, gateways: { shop: { public: hosts('*') } } } },
  routes: { shop: { till } },
  objects: [
    inShop('v1', 'Service', 'till', {
      spec: { selector: { app: 'till' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    }),
    inShop('v1', 'ConfigMap', 'till', { data: { currency: 'EUR' } }),
    inShop('v1', 'Secret', 'till', { type: 'Opaque', data: { token: 'YWJj' } }),
    account({ team: 'a' }),
    bank(),
    mtls('PERMISSIVE'),
  ],
  policy: { externals: { workloads: ['*'], gateways: ['*'] } },
} as unknown as StackSettings;

const objectsOf = (settings: StackSettings): KubernetesObject[] => {
  const { existingNamespaces, objects } = renderMesh(settings);
  return [...existingNamespaces, ...objects].map(({ object }) => object);
};
const adopted = [
  'Namespace shop (labels and annotations)',
  'Gateway shop/public',
  'DestinationRule shop/till.v1',
  'DestinationRule shop/till.v2',
  'VirtualService shop/till',
  'Service shop/till',
  'ConfigMap shop/till',
  'Secret shop/till',
  'ServiceAccount shop/till',
  'ServiceEntry shop/bank',
  'PeerAuthentication shop/default',
];
const sorted = (text: string): string[] => text.trimEnd().split('\n').sort();

/** Each test depends on the ones before it. */
describe('meshwright adopt, with the real Pulumi on a real API server', function () {
  this.timeout(300_000);
  stepByStep(this);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-lab-'));
  const stacks: RealStack[] = [];
  let lab: Lab;
  let cluster: Cluster;
  let stack: RealStack;
  let originally: Record<string, string>;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await labUp({ root, log: (line) => console.log(`      ${line}`) });
    cluster = clusterOf(lab);
    await installIstioCrds(lab);
  });

  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
    for (const one of stacks) one.remove();
  });

  const stackOf = (name: string, settings: StackSettings): RealStack => {
    const made = new RealStack(lab, name);
    stacks.push(made);
    made.configure(sections(settings));
    return made;
  };
  const put = (objects: readonly KubernetesObject[], ...words: string[]): void => {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    execFileSync(lab.kubectl, [...words, '-f', '-'], { env: lab.env, input });
  };
  const live = (object: KubernetesObject): LiveObject => {
    const group = apiGroup(object.apiVersion);
    const kind = group === '' ? object.kind : `${object.kind}.${group}`;
    return cluster.get(kind, object.metadata.namespace ?? 'default', object.metadata.name);
  };
  const versions = (objects = objectsOf(shop)): Record<string, string> =>
    Object.fromEntries(
      objects.map((object) => [
        objectTitle(object),
        (live(object).metadata as unknown as { resourceVersion: string }).resourceVersion,
      ]),
    );
  /** The operations of a run on resources of any kind, components and providers too. */
  const operations = ({ events }: Ran): string[] => [
    ...new Set(events.flatMap(({ resOutputsEvent }) => resOutputsEvent?.metadata.op ?? [])),
  ];

  it('records what kubectl applied, applied on the server and created, and writes nothing', async () => {
    const [namespace, ...others] = objectsOf(shop);
    assert.ok(namespace);
    put([namespace], 'apply');
    const by = (index: number): KubernetesObject[] => others.filter((_, at) => at % 3 === index);
    put(by(0), 'apply');
    put(by(1), 'apply', '--server-side');
    put(by(2), 'create');
    originally = versions();
    stack = stackOf('shop', shop);
    assert.deepEqual(
      sorted(await stack.adopt()),
      sorted(
        [
          'Plan',
          ...adopted.map((title) => `= ${title}`),
          '11 to adopt: as stated already, they do not change in the cluster',
          '',
          'adopted: shop has 11 objects more, and nothing in the cluster was changed',
        ].join('\n'),
      ),
    );
    assert.deepEqual(versions(), originally);
  });

  it('leaves an update nothing to do, with adopt in the stack file and without', async () => {
    for (const settings of [shop, { ...shop, adopt: false }]) {
      stack.configure(sections(settings));
      const ran = await stack.run('up');
      assert.ok(ran.succeeded, ran.output);
      assert.deepEqual([operations(ran), ran.plan], [['same'], 'no changes (11 objects)\n']);
      assert.deepEqual(versions(), originally);
    }
    assert.match(await stack.adopt(), /^Plan\n0 to adopt\n/);
  });

  it('lets the stack change and remove fields that other tools had set', async () => {
    const [service, config, secret] = shop.objects ?? [];
    const changed = {
      ...shop,
      adopt: false,
      gateways: { edge: { install: false, gateways: { shop: { public: hosts('till.example.com') } } } },
      routes: { shop: { till: { ...till, weights: { v1: 75, v2: 25 } } } },
      objects: [service, config, secret, account({}), bank({}), mtls('STRICT')],
    } as unknown as StackSettings;
    stack.configure(sections(changed));
    const ran = await stack.run('up');
    assert.ok(ran.succeeded, ran.output);
    assert.deepEqual(operations(ran).sort(), ['same', 'update']);
    const stated = (object: KubernetesObject): unknown => {
      const { metadata, ...fields } = live(object);
      return { title: objectTitle(object), labels: metadata.labels ?? {}, spec: fields['spec'] ?? {} };
    };
    assert.deepEqual(
      [account({}), bank(), mtls('STRICT')].map(stated),
      [account({}), bank({}), mtls('STRICT')].map((object) => ({
        title: objectTitle(object),
        labels: {},
        spec: object['spec'] ?? {},
      })),
    );
    const untouched = [service, config, secret].map((object) => objectTitle(object as KubernetesObject));
    const now = versions();
    for (const title of untouched) assert.equal(now[title], originally[title]);
    originally = now;
  });

  it('takes the objects of a stack that was released over again, and writes nothing', async () => {
    await stack.release();
    const changed = { ...(JSON.parse(JSON.stringify(stack.settings())) as object), 'meshwright:adopt': true };
    stack.configure(changed);
    assert.match(await stack.adopt(), /^adopted: shop has 11 objects more/m);
    const ran = await stack.run('up');
    assert.deepEqual([operations(ran), ran.plan], [['same'], 'no changes (11 objects)\n']);
    assert.deepEqual(versions(), originally);
  });

  it('leaves what differs, and what does not exist, to the next update', async () => {
    const entry = (name: string, fields: object): KubernetesObject => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name, namespace: 'default' },
      spec: { hosts: [`${name}.example.com`], location: 'MESH_EXTERNAL', resolution: 'NONE', ...fields },
    });
    const settings = (...objects: KubernetesObject[]): StackSettings => ({
      ...shop,
      namespaces: {},
      gateways: {},
      routes: {},
      objects,
    });
    const [equal, other, more] = [entry('equal', {}), entry('other', {}), entry('more', {})];
    put([equal, entry('other', { resolution: 'DNS' }), entry('more', { exportTo: ['.'] })], 'create');
    const before = versions([equal]);
    const second = stackOf('second', settings(equal, other, more, entry('missing', {})));
    assert.deepEqual(
      sorted(await second.adopt()),
      [
        'Plan',
        '= ServiceEntry default/equal',
        '1 to adopt: as stated already, they do not change in the cluster',
        '',
        'Left to the next update',
        '= ServiceEntry default/other',
        '    spec.resolution: "DNS" -> "NONE"',
        '= ServiceEntry default/more',
        '    spec.exportTo: was ["."] (gone)',
        '+ ServiceEntry default/missing',
        '',
        'adopted: second has 1 object more, and nothing in the cluster was changed',
      ].sort(),
    );
    const ran = await second.run('up');
    assert.ok(ran.succeeded, ran.output);
    assert.deepEqual(operations(ran).sort(), ['create', 'import', 'same', 'update']);
    assert.deepEqual(versions([equal]), before);
  });

  it('is part of npm start', async () => {
    const entry = (name: string): KubernetesObject => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name, namespace: 'default' },
      spec: { hosts: [`${name}.example.com`], location: 'MESH_EXTERNAL', resolution: 'NONE' },
    });
    put([entry('kept')], 'create');
    const before = versions([entry('kept')]);
    const folder = join(root, 'started');
    const opened = await LabStack.open(lab, 'started', { log: () => undefined, folder });
    const objects = [entry('kept'), entry('made')];
    const none = { namespaces: {}, gateways: {}, routes: {} };
    opened.configure(sections({ ...shop, ...none, objects }));
    let printed = '';
    await deploy(lab, opened, { objects, print: (text) => (printed += text), log: () => undefined, adopt: true });
    assert.match(printed, /^= ServiceEntry default\/kept\n\+ ServiceEntry default\/made\n1 to adopt, 1 to create/m);
    assert.match(printed, /^1 adopted, 1 created in \d+ s$/m);
    assert.deepEqual(versions([entry('kept')]), before);
  });

  it('refuses with all objects that cannot be taken over', async () => {
    const note = (name: string): KubernetesObject => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: 'default' },
      data: { a: '1' },
    });
    const flux = (object: KubernetesObject): KubernetesObject => ({
      ...object,
      metadata: { ...object.metadata, labels: { 'kustomize.toolkit.fluxcd.io/name': 'notes' } },
    });
    put([flux(note('one')), flux(note('two'))], 'create');
    const third = stackOf('third', {
      ...shop,
      namespaces: {},
      gateways: {},
      routes: {},
      objects: [note('one'), note('two')],
    });
    const refusals = ['one', 'two'].map(
      (name) => new RegExp(`ConfigMap default/${name} exists[^]*Flux applies it \\(notes\\)`),
    );
    let told = '';
    // The engine asks about both at once, and sometimes ends with the first answer.
    for (let tries = 0; tries < 10 && !refusals.every((one) => one.test(told)); tries += 1)
      await assert.rejects(third.adopt(), (error: Error) => {
        assert.match(error.message, /^third: nothing was changed$/m);
        told += error.message;
        return true;
      });
    for (const refusal of refusals) assert.match(told, refusal);
    assert.deepEqual(await third.types(), []);
  });
});
