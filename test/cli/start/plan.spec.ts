import assert from 'node:assert/strict';
import { routeSetType, routeType } from '../../../mesh/manifests/route-set';
import { fieldChanges } from '../../../cli/start/engine-steps';
import { planOf, planText, stepTitle } from '../../../cli/start/plan';
import { route, rule } from '../../support/routes';
import { begins, ends, object, type Step } from './events';

const step = (op: string, kind: string, id: string, fields: object = {}): Step => {
  const state = { inputs: object(kind, id, fields) };
  const isGone = op === 'delete';
  return {
    op,
    type: `kubernetes:core/v1:${kind}`,
    name: id,
    ...(op === 'create' ? {} : { before: state }),
    ...(isGone ? {} : { after: state }),
  };
};
const routes = (...objects: object[]): { inputs: object } => ({
  inputs: {
    namespace: 'bookinfo',
    objects: Object.fromEntries(
      objects.map((one) => {
        const { kind, metadata } = one as { kind: string; metadata: { name: string } };
        return [`${kind} bookinfo/${metadata.name}`, JSON.stringify(one)];
      }),
    ),
  },
});
const text = (...steps: Step[]): string => planText(planOf(steps.map(ends)));

describe('the plan of a run', () => {
  it('counts unchanged objects, without their names', () => {
    assert.equal(text(step('same', 'Namespace', 'a')), 'no changes (1 object)\n');
    assert.equal(text(step('same', 'Namespace', 'a'), step('same', 'Namespace', 'b')), 'no changes (2 objects)\n');
  });

  it('contains objects, but no components, providers and reads', () => {
    const plan = planOf(
      [
        { ...step('create', 'Namespace', 'a'), custom: false },
        { ...step('create', 'x', 'x'), type: 'pulumi:providers:kubernetes' },
        { ...step('create', 'x', 'x'), type: 'pulumi:pulumi:Stack' },
        step('read', 'Namespace', 'a'),
        step('refresh', 'Namespace', 'a'),
      ].map(ends),
    );
    assert.deepEqual(plan, { adopted: [], created: [], changed: [], removed: [], unchanged: 0 });
  });

  it('counts only steps that have ended', () => {
    assert.deepEqual(planOf([begins(step('create', 'Namespace', 'a'))]).created, []);
  });

  it('names created, changed, replaced and removed objects', () => {
    const changed: Step = {
      op: 'update',
      type: 'kubernetes:apps/v1:Deployment',
      name: 'd',
      before: { inputs: object('Deployment', 'a/d', { spec: { replicas: 1, paused: true }, __fieldManager: 'x' }) },
      after: {
        inputs: object('Deployment', 'a/d', { spec: { replicas: 2, minReadySeconds: 3 }, __fieldManager: 'y' }),
      },
    };
    const replaced = ['create-replacement', 'replace', 'delete-replaced'].map((op): Step => ({
      op,
      type: 'kubernetes:core/v1:ConfigMap',
      name: 'c',
      before: { inputs: object('ConfigMap', 'a/c', { data: { a: '1' } }) },
      after: { inputs: object('ConfigMap', 'a/c', { data: { a: '2' } }) },
    }));
    const release: Step = {
      op: 'create',
      type: 'kubernetes:helm.sh/v3:Release',
      name: 'r',
      after: { inputs: { name: 'istiod', namespace: 'istio-system' } },
    };
    assert.equal(
      text(step('create', 'Namespace', 'a'), release, changed, ...replaced, step('delete', 'Service', 'a/s')),
      [
        '+ Namespace a',
        '+ Release istio-system/istiod',
        '~ Deployment a/d',
        '    spec.replicas: 1 -> 2',
        '    spec.paused: was true (gone)',
        '    spec.minReadySeconds: 3 (new)',
        '+- ConfigMap a/c (deleted and created again)',
        '    data.a: "1" -> "2"',
        '- Service a/s',
        '2 to create, 2 to change, 1 to remove, 0 unchanged',
        '',
      ].join('\n'),
    );
  });

  it('shows the target of a patch, and removes nothing that stays', () => {
    const type = 'kubernetes:core/v1:NamespacePatch';
    const patch: Step = { op: 'create', type, name: 'p', after: { inputs: object('Namespace', 'default') } };
    const kept: Step = {
      op: 'delete',
      type,
      name: 'k',
      before: { inputs: object('Namespace', 'k'), retainOnDelete: true },
    };
    assert.equal(
      text(patch, kept),
      '+ Namespace default (labels and annotations)\n1 to create, 0 to change, 0 to remove, 0 unchanged\n',
    );
  });

  it('shows a Route as its objects', () => {
    const set: Step = {
      op: 'update',
      type: routeType,
      name: 'bookinfo',
      before: routes(rule('v1'), rule('v2'), route({ v1: 90, v2: 10 })),
      after: routes(rule('v1'), rule('v3'), route({ v1: 75, v2: 25 })),
    };
    assert.equal(
      text(set),
      [
        '+ DestinationRule bookinfo/reviews.v3',
        '~ VirtualService bookinfo/reviews',
        '    spec.http[0].route[0].weight: 90 -> 75',
        '    spec.http[0].route[1].weight: 10 -> 25',
        '- DestinationRule bookinfo/reviews.v2',
        '1 to create, 1 to change, 1 to remove, 1 unchanged',
        '',
      ].join('\n'),
    );
    assert.equal(stepTitle(begins(set).resourcePreEvent?.metadata as never), 'route bookinfo');
  });

  it('compares a set of routes with the cluster after a refresh', () => {
    const { inputs } = routes(route({ v1: 90, v2: 10 }));
    const set: Step = {
      op: 'update',
      type: routeType,
      name: 'bookinfo',
      before: { inputs, outputs: routes(route({ v1: 1, v2: 10 })).inputs },
      after: { inputs },
    };
    assert.match(text(set), /^~ VirtualService bookinfo\/reviews\n {4}spec\.http\[0\]\.route\[0\]\.weight: 1 -> 90\n/);
  });

  it('leaves out weights that belong to a controller', () => {
    const owned = (http: object, weights: Record<string, number>): { inputs: object } => {
      const one = route(weights);
      const spec = { hosts: ['reviews'], http: [{ ...(one.spec as { http: object[] }).http[0], ...http }] };
      return { inputs: { ...routes({ ...one, spec }).inputs, weightsOwnedBy: 'flagger' } };
    };
    const set = (http: object): Step => ({
      op: 'update',
      type: routeType,
      name: 'bookinfo',
      before: owned({}, { v1: 90, v2: 10 }),
      after: owned(http, { v1: 100, v2: 0 }),
    });
    assert.equal(
      text(set({ timeout: '5s' })),
      [
        '~ VirtualService bookinfo/reviews (its weights belong to flagger and stay)',
        '    spec.http[0].timeout: "5s" (new)',
        '0 to create, 1 to change, 0 to remove, 0 unchanged',
        '',
      ].join('\n'),
    );
    assert.deepEqual(planOf([ends(set({}))]).unchanged, 1);
  });

  it('treats an object that moves from one resource to another as unchanged', () => {
    const set: Step = {
      op: 'delete',
      type: routeSetType,
      name: 'bookinfo',
      before: routes(rule('v1'), route({ v1: 90, v2: 10 })),
    };
    const next: Step = {
      op: 'create',
      type: routeType,
      name: 'bookinfo/reviews',
      after: routes(rule('v1'), route({ v1: 75, v2: 25 })),
    };
    assert.equal(
      text(next, set),
      [
        '~ VirtualService bookinfo/reviews',
        '    spec.http[0].route[0].weight: 90 -> 75',
        '    spec.http[0].route[1].weight: 10 -> 25',
        '0 to create, 1 to change, 0 to remove, 1 unchanged',
        '',
      ].join('\n'),
    );
  });

  it('shows why a Route is updated if none of its objects changes', () => {
    const { inputs } = routes(route({ v1: 100 }));
    const outputs = { ...inputs, unproven: ['VirtualService bookinfo/reviews'] };
    const set: Step = {
      op: 'update',
      type: routeType,
      name: 'bookinfo',
      before: { inputs, outputs },
      after: { inputs: { ...inputs, proof: { strict: true } } },
    };
    assert.equal(
      text(set),
      [
        '~ Route bookinfo',
        '    proof: {"strict":true} (new)',
        '    proof: "of VirtualService bookinfo/reviews" (new)',
        '0 to create, 1 to change, 0 to remove, 1 unchanged',
        '',
      ].join('\n'),
    );
  });

  it('hides a secret Route', () => {
    const set = (value: string) => ({ inputs: { objects: { 'VirtualService a/b': value } } });
    const changed: Step = {
      op: 'update',
      type: routeType,
      name: 'a',
      before: set('[secret]'),
      after: set('[secret]'),
    };
    assert.match(text(changed), /^~ Route a\n0 to create, 1 to change, 0 to remove, 1 unchanged\n$/);
  });

  it('counts by namespace and kind if many objects are created or removed', () => {
    const many = ['b', 'a'].flatMap((space) => [
      step('create', 'Namespace', space),
      ...[1, 2, 3, 4].map((number) => step('create', 'Service', `${space}/s${number}`)),
      step('create', 'Deployment', `${space}/d`),
    ]);
    const release: Step = {
      op: 'create',
      type: 'kubernetes:helm.sh/v3:Release',
      name: 'r',
      after: { inputs: { name: 'istiod', namespace: 'istio-system' } },
    };
    assert.equal(
      text(...many, release),
      [
        '+ Namespace b, a',
        '+ Release istio-system/istiod',
        '+ a: 1 Deployment, 4 Service',
        '+ b: 1 Deployment, 4 Service',
        '13 to create, 0 to change, 0 to remove, 0 unchanged',
        '',
      ].join('\n'),
    );
  });

  it('limits the fields of an object and the length of a value, and hides those of a Secret', () => {
    const fields = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`f${index}`, 'x'.repeat(80)]));
    const changed: Step = {
      op: 'update',
      type: 'kubernetes:core/v1:Thing',
      name: 't',
      before: { inputs: object('Thing', 'a/t') },
      after: { inputs: object('Thing', 'a/t', fields) },
    };
    const lines = text(changed).split('\n');
    assert.deepEqual(lines.slice(1, 2), [`    f0: "${'x'.repeat(58)}… (new)`]);
    assert.equal(lines[9], '    and 2 more fields');
    assert.deepEqual(fieldChanges({ kind: 'Secret', data: { a: '1', b: '2' } }, { kind: 'Secret', data: { a: '3' } }), [
      { path: 'data.a', from: '(secret)', to: '(secret)' },
      { path: 'data.b', from: '(secret)' },
    ]);
  });

  it('compares lists entry by entry, and quotes keys if necessary', () => {
    const labels = (value: unknown) => ({ labels: { 'a.b/c': value }, list: [1, value] });
    assert.deepEqual(fieldChanges(labels(1), labels(2)), [
      { path: 'labels["a.b/c"]', from: 1, to: 2 },
      { path: 'list[1]', from: 1, to: 2 },
    ]);
  });

  describe('that adopts', () => {
    const manager = { annotations: { 'pulumi.com/patchFieldManager': 'mine' } };
    /** The steps of an import: a look at the live object, and the update that follows it. */
    const adopted = (type: string, live: object, inputs: object): Step[] => [
      { op: 'import', type, name: 'a', after: { inputs: live, outputs: live } },
      { op: 'update', type, name: 'a', before: { inputs: live, outputs: live }, after: { inputs } },
    ];
    const deployment = (metadata: object, spec: object): object => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', namespace: 'a', ...metadata },
      spec,
    });

    it('names what is adopted, without what the API server has filled in and what the provider needs', () => {
      const live = deployment(
        { uid: 'u', labels: { app: 'a' } },
        { replicas: 1, paused: false, list: [{ a: 1, b: 2 }] },
      );
      const wanted = deployment({ labels: { app: 'a' }, ...manager }, { replicas: 1, list: [{ a: 1 }] });
      assert.equal(
        text(...adopted('kubernetes:apps/v1:Deployment', live, wanted)),
        '= Deployment a/d\n1 to adopt, 0 to create, 0 to change, 0 to remove, 0 unchanged\n',
      );
    });

    it('shows below it what the update changes', () => {
      const live = deployment({}, { replicas: 1, list: [{ a: 1 }] });
      const wanted = deployment({ labels: { app: 'a' }, ...manager }, { replicas: 2, list: [{ a: 1 }, { a: 2 }] });
      assert.equal(
        text(...adopted('kubernetes:apps/v1:Deployment', live, wanted)),
        [
          '= Deployment a/d',
          '    metadata.labels: {"app":"a"} (new)',
          '    spec.replicas: 1 -> 2',
          '    spec.list[1]: {"a":2} (new)',
          '1 to adopt, 0 to create, 0 to change, 0 to remove, 0 unchanged\n',
        ].join('\n'),
      );
    });

    it('compares values and version of a release, and not where its chart comes from', () => {
      const release = (version: string, more: object): object => ({
        name: 'istiod',
        namespace: 'istio-system',
        version,
        values: { a: 1 },
        ...more,
      });
      assert.equal(
        text(
          ...adopted(
            'kubernetes:helm.sh/v3:Release',
            release('1.29.0', { chart: 'istiod', status: {} }),
            release('1.30.3', { chart: './charts/istiod', atomic: true }),
          ),
        ),
        [
          '= Release istio-system/istiod',
          '    version: "1.29.0" -> "1.30.3"',
          '1 to adopt, 0 to create, 0 to change, 0 to remove, 0 unchanged\n',
        ].join('\n'),
      );
    });

    it('tells the objects of a Route that exist from those that it creates', () => {
      const [was, is] = [route({ v1: 90, v3: 10 }), route({ v1: 75, v3: 25 })];
      const { inputs } = routes(is, rule('v1'), rule('v3'));
      const { inputs: live } = routes(was, rule('v1'));
      const found = (live as { objects: object }).objects;
      assert.equal(
        text(
          { op: 'import', type: routeType, name: 'bookinfo/reviews', after: { inputs: { objects: {} } } },
          {
            op: 'update',
            type: routeType,
            name: 'bookinfo/reviews',
            before: { inputs: { objects: {} } },
            after: { inputs, outputs: { found } },
          },
        ),
        [
          '= DestinationRule bookinfo/reviews.v1',
          '= VirtualService bookinfo/reviews',
          '    spec.http[0].route[0].weight: 90 -> 75',
          '    spec.http[0].route[1].weight: 10 -> 25',
          '+ DestinationRule bookinfo/reviews.v3',
          '2 to adopt, 1 to create, 0 to change, 0 to remove, 0 unchanged\n',
        ].join('\n'),
      );
    });
  });
});
