import assert from 'node:assert/strict';
import type { EngineEvent } from '@pulumi/pulumi/automation';
import type { LiveObject } from '../../../cluster/api';
import { adoptionOf, patchedObjects } from '../../../cli/start/adopted-state';
import type { EnginePlan } from '../../../cli/start/engine-plan';
import type { StateResource } from '../../../cli/start/state-holder';
import { routeType } from '../../../mesh/manifests/route-set';
import { ends, urnOf } from './events';

const stack = 'urn:pulumi:dev::meshwright::pulumi:pulumi:Stack::meshwright-dev';
const thing = 'urn:pulumi:dev::meshwright::meshwright:index:Thing::shop';
const provider = 'urn:pulumi:dev::meshwright::pulumi:providers:kubernetes::default';
const unknown = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
const secret = (ciphertext: string): object => ({
  '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
  ciphertext,
});
const manager = 'meshwright-0a6ceab1ae27c3b8b004';

const [config, entry, token, labels, release] = [
  'kubernetes:core/v1:ConfigMap',
  'kubernetes:networking.istio.io/v1:ServiceEntry',
  'kubernetes:core/v1:Secret',
  'kubernetes:core/v1:NamespacePatch',
  'kubernetes:helm.sh/v3:Release',
];
const inputs = (kind: string, id: string, fields: object = {}): Record<string, unknown> => {
  const [name, namespace] = id.split('/').toReversed();
  return {
    apiVersion: 'v1',
    kind,
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      annotations: { 'pulumi.com/patchFieldManager': manager },
    },
    ...fields,
  };
};
const live = (kind: string, id: string, fields: object = {}): Record<string, unknown> => {
  const stated = inputs(kind, id, fields);
  const { annotations, ...metadata } = stated['metadata'] as Record<string, unknown>;
  assert.ok(annotations);
  return { ...stated, metadata: { ...metadata, uid: `uid of ${id}` } };
};

/** The events of an import and the update that follows it. */
const imports = (type: string, name: string, id: string, is: object, stated: object, outputs = {}): EngineEvent[] => [
  ends({ op: 'import', type, name, after: { id, inputs: is, outputs: is } as never }),
  ends({
    op: 'update',
    type,
    name,
    before: { inputs: is, outputs: is },
    after: { id, inputs: stated, outputs } as never,
  }),
];
const goal = (type: string, more: object = {}): object => ({
  type,
  custom: true,
  parent: thing,
  provider: `${provider}::${unknown}`,
  ...more,
});
const component = (type: string, more: object = {}): object => ({ goal: { type, custom: false, ...more } });

/** A plan of the given resources, with what all of them refer to. */
const planOf = (resources: Record<string, object>): EnginePlan => ({
  resourcePlans: {
    [stack]: component('pulumi:pulumi:Stack'),
    [thing]: component('meshwright:index:Thing', { parent: stack }),
    [provider]: {
      goal: {
        type: 'pulumi:providers:kubernetes',
        custom: true,
        inputDiff: { adds: { version: '4.32.0', context: 'shop' } },
      },
      state: { context: 'shop' },
    },
    ...resources,
  },
});
const common: StateResource[] = [
  {
    urn: provider,
    type: 'pulumi:providers:kubernetes',
    custom: true,
    id: 'id-1',
    inputs: { version: '4.32.0', context: 'shop' },
    outputs: { context: 'shop' },
    dependencies: [],
    propertyDependencies: {},
  },
  { urn: stack, type: 'pulumi:pulumi:Stack', custom: false, outputs: {}, dependencies: [], propertyDependencies: {} },
  {
    urn: thing,
    type: 'meshwright:index:Thing',
    custom: false,
    outputs: {},
    parent: stack,
    dependencies: [],
    propertyDependencies: {},
  },
];
const inState = (type: string, name: string, more: object): StateResource => ({
  urn: urnOf({ type, name }),
  type,
  custom: true,
  parent: thing,
  provider: `${provider}::id-1`,
  dependencies: [],
  propertyDependencies: {},
  ...more,
});
const nothing = { adopted: [], created: [], changed: [], removed: [], unchanged: 0 };
const ids = (): (() => string) => {
  let count = 0;
  return () => `id-${++count}`;
};
const none = new Map<string, LiveObject>();

describe('the state of adopted objects', () => {
  const note = inputs('ConfigMap', 'shop/note', { data: { a: '1' } });
  const noteEvents = imports(config, 'note', 'shop/note', live('ConfigMap', 'shop/note', { data: { a: '1' } }), note);
  const notePlan = { [urnOf({ type: config, name: 'note' })]: { goal: goal(config) } };
  const noted = inState(config, 'note', {
    id: 'shop/note',
    inputs: note,
    outputs: {
      ...note,
      metadata: { ...(note['metadata'] as object), uid: 'uid of shop/note' },
      __inputs: note,
      __initialApiVersion: 'v1',
      __fieldManager: manager,
    },
  });

  it('has an object that is as stated, after its provider and its components', () => {
    const { adopted, left, added } = adoptionOf(noteEvents, planOf(notePlan), none);
    assert.deepEqual(adopted, {
      ...nothing,
      adopted: [{ kind: 'ConfigMap', namespace: 'shop', name: 'note', changes: [] }],
    });
    assert.deepEqual(left, nothing);
    assert.deepEqual(added([], ids()), [...common, noted]);
  });

  it('keeps what it has, with the ids of its providers', () => {
    const before = common.map((resource) => (resource.urn === provider ? { ...resource, id: 'own' } : resource));
    const { added } = adoptionOf(noteEvents, planOf(notePlan), none);
    assert.deepEqual(added(before, ids()), [...before, { ...noted, provider: `${provider}::own` }]);
    assert.deepEqual(added([...before, noted], ids()), [...before, noted]);
  });

  it('has only dependencies that are there', () => {
    const gone = urnOf({ type: release, name: 'istiod' });
    const urn = urnOf({ type: config, name: 'note' });
    const dependent = {
      goal: goal(config, { dependencies: [gone, thing], propertyDependencies: { data: [gone], metadata: null } }),
    };
    const { added } = adoptionOf(noteEvents, planOf({ [urn]: dependent }), none);
    assert.deepEqual(added([], ids()).at(-1), {
      ...noted,
      dependencies: [thing],
      propertyDependencies: { data: [], metadata: [] },
    });
  });

  it('has the secrets of the plan', () => {
    const urn = urnOf({ type: token, name: 'token' });
    const [seen, kept] = [secret('[secret]'), secret('v1:abc')];
    const stated = inputs('Secret', 'shop/token', { data: seen });
    const events = imports(token, 'token', 'shop/token', live('Secret', 'shop/token', { data: seen }), stated);
    const plan = planOf({
      [urn]: {
        goal: goal(token, { additionalSecretOutputs: ['data'] }),
        state: { data: kept, __inputs: { ...stated, data: kept } },
      },
    });
    const { added } = adoptionOf(events, plan, none);
    const own = { ...stated, data: kept };
    assert.deepEqual(
      added([], ids()).at(-1),
      inState(token, 'token', {
        id: 'shop/token',
        inputs: own,
        outputs: {
          ...own,
          metadata: { ...(stated['metadata'] as object), uid: 'uid of shop/token' },
          __inputs: own,
          __initialApiVersion: 'v1',
          __fieldManager: manager,
        },
        additionalSecretOutputs: ['data'],
      }),
    );
  });

  it('has a Route with what its update would record', () => {
    const urn = urnOf({ type: routeType, name: 'shop/pay' });
    const objects = { 'VirtualService shop/pay': '{"kind":"VirtualService","spec":{}}' };
    const stated = { namespace: 'shop', objects };
    const before = { namespace: 'shop', objects: {} };
    const outputs = { server: 'https://a', adopted: true, weights: {}, found: objects };
    const events = imports(routeType, 'shop/pay', 'abc', before, stated, outputs);
    const { adopted, added } = adoptionOf(events, planOf({ [urn]: { goal: goal(routeType) } }), none);
    assert.deepEqual(adopted.adopted, [{ kind: 'VirtualService', namespace: 'shop', name: 'pay', changes: [] }]);
    assert.deepEqual(
      added([], ids()).at(-1),
      inState(routeType, 'shop/pay', {
        id: 'abc',
        inputs: stated,
        outputs: { server: 'https://a', adopted: true, weights: {} },
      }),
    );
  });

  it('has a patch whose labels exist', () => {
    const urn = urnOf({ type: labels, name: 'shop-labels' });
    const patch = inputs('Namespace', 'shop');
    Object.assign(patch['metadata'] as object, { labels: { 'istio-injection': 'enabled' } });
    const events = [ends({ op: 'create', type: labels, name: 'shop-labels', after: { inputs: patch } })];
    const plan = planOf({ [urn]: { goal: goal(labels) } });
    const namespace = (value: string): LiveObject => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', uid: 'u', labels: { 'istio-injection': value, team: 'a' } },
    });
    assert.deepEqual(patchedObjects(events), [patch]);
    const { adopted, added } = adoptionOf(events, plan, new Map([['Namespace shop', namespace('enabled')]]));
    assert.deepEqual(adopted.adopted, [{ kind: 'Namespace', name: 'shop', isPatch: true, changes: [] }]);
    assert.deepEqual(
      added([], ids()).at(-1),
      inState(labels, 'shop-labels', {
        id: 'shop',
        inputs: patch,
        outputs: {
          ...namespace('enabled'),
          metadata: {
            ...namespace('enabled').metadata,
            annotations: { 'pulumi.com/patchFieldManager': manager },
          },
          __inputs: patch,
          __initialApiVersion: 'v1',
          __fieldManager: manager,
        },
      }),
    );
    const other = adoptionOf(events, plan, new Map([['Namespace shop', namespace('disabled')]]));
    assert.deepEqual(other.left.created, [{ kind: 'Namespace', name: 'shop', isPatch: true }]);
    assert.deepEqual(other.added([], ids()), []);
  });

  describe('leaves to the next update', () => {
    const bank = { spec: { hosts: ['bank.example.com'] } };
    const managedFields = [
      { manager, operation: 'Apply', fieldsV1: { 'f:spec': { 'f:hosts': {} } } },
      { manager: 'kubectl', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:hosts': {} } } },
    ];
    const shared = live('ServiceEntry', 'shop/a', bank);
    Object.assign(shared['metadata'] as object, { managedFields });
    const route = { namespace: 'shop', objects: { 'VirtualService shop/a': '{}', 'DestinationRule shop/a.v1': '{}' } };
    const cases: [what: string, type: string, events: EngineEvent[], more?: object][] = [
      [
        'what differs',
        entry,
        imports(
          entry,
          'a',
          'shop/a',
          live('ServiceEntry', 'shop/a', { spec: { hosts: [] } }),
          inputs('ServiceEntry', 'shop/a', bank),
        ),
      ],
      [
        'what two tools have applied',
        entry,
        imports(entry, 'a', 'shop/a', shared, inputs('ServiceEntry', 'shop/a', bank)),
      ],
      [
        'a Helm release',
        release,
        imports(release, 'a', 'shop/a', { name: 'a', namespace: 'shop' }, { name: 'a', namespace: 'shop' }),
      ],
      [
        'a value that only an update knows',
        config,
        imports(
          config,
          'a',
          'shop/a',
          live('ConfigMap', 'shop/a', { data: { a: unknown } }),
          inputs('ConfigMap', 'shop/a', { data: { a: unknown } }),
        ),
      ],
      [
        'a secret that was not compared',
        config,
        imports(
          config,
          'a',
          'shop/a',
          live('ConfigMap', 'shop/a', { data: { a: secret('[secret]') } }),
          inputs('ConfigMap', 'shop/a', { data: { a: secret('[secret]') } }),
        ),
      ],
      [
        'a Route of which an object is missing',
        routeType,
        imports(routeType, 'a', 'abc', { namespace: 'shop', objects: {} }, route, {
          server: 'https://a',
          found: { 'VirtualService shop/a': '{}' },
        }),
      ],
      [
        'what is below another object',
        config,
        imports(config, 'a', 'shop/a', live('ConfigMap', 'shop/a'), inputs('ConfigMap', 'shop/a')),
        { parent: provider },
      ],
      [
        'what does not exist',
        config,
        [ends({ op: 'create', type: config, name: 'a', after: { inputs: inputs('ConfigMap', 'shop/a') } })],
      ],
    ];
    for (const [what, type, events, more] of cases) {
      it(what, () => {
        const { adopted, left, added } = adoptionOf(
          events,
          planOf({ [urnOf({ type, name: 'a' })]: { goal: goal(type, more) } }),
          none,
        );
        assert.deepEqual(adopted, nothing);
        assert.equal(left.adopted.length + left.created.length > 0, true);
        assert.deepEqual(added(common, ids()), common);
      });
    }
  });
});
