import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { labDown, labUp, type Lab } from '../../../cluster/lab';
import { without } from '../../../mesh/json';
import { routeSetType, routeType } from '../../../mesh/manifests/route-set';
import type { RouteSettings, StackSettings } from '../../../mesh/manifests/settings';
import { routeId } from '../../../provider/ownership';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { sections } from './support/bookinfo';
import { clusterOf, type Cluster } from './support/cluster';
import { RealStack, type StateResource } from './support/real-stack';
import { long } from '../../support/long';
import { stepByStep } from '../../support/step-by-step';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';

type Weights = Record<string, number>;

/** Each test depends on the ones before it. No proxies run. */
describe('one resource for one route, with the real Pulumi on a real API server', function () {
  this.timeout(1_200_000);
  stepByStep(this);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-lab-'));
  const stacks: RealStack[] = [];
  let lab: Lab;
  let cluster: Cluster;
  let stack: RealStack;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await labUp({ root, log: (line) => console.log(`      ${line}`) });
    await installIstioCrds(lab);
    cluster = clusterOf(lab);
    stack = newStack();
  });

  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
    for (const one of stacks) one.remove();
  });

  function newStack(name?: string): RealStack {
    const one = new RealStack(lab, name);
    stacks.push(one);
    return one;
  }
  const route = (weights: Weights, more: RouteSettings = {}): RouteSettings => ({
    versions: Object.keys(weights),
    weights,
    ...more,
  });
  const configure = (
    routes: Record<string, RouteSettings>,
    of = stack,
    namespaces: StackSettings['namespaces'] = { shop: {} },
  ): void => {
    const settings: StackSettings = { namespaces, routes: { shop: routes }, proof: { enabled: false } };
    of.configure({ ...sections(settings), 'meshwright:policy': { externals: { hosts: ['*'], namespaces: ['*'] } } });
  };
  const changed = async (): Promise<string[]> =>
    (await stack.up())
      .filter(({ event }) => event === 'ends')
      .map(({ op, name }) => `${op} ${name}`)
      .sort();
  const virtualService = (name: string): string =>
    cluster.kubectl('get', 'virtualservice', name, '-n', 'shop', '-o', 'json', '--show-managed-fields');
  const weights = (name: string): number[] => {
    const { http } = cluster.get('virtualservice', 'shop', name).spec as { http: { route: { weight: number }[] }[] };
    return (http[0]?.route ?? []).map(({ weight }) => weight);
  };

  it('shows a changed weight as a number, and changes no other route', async () => {
    configure({ reviews: route({ v1: 90, v3: 10 }), ratings: route({ v1: 100 }) });
    await stack.up();
    configure({ reviews: route({ v1: 75, v3: 25 }), ratings: route({ v1: 100 }) });
    const { events } = await stack.run('preview');
    const steps = events.flatMap(({ resourcePreEvent }) =>
      resourcePreEvent?.metadata.op === 'update' ? [resourcePreEvent.metadata] : [],
    );
    assert.deepEqual(
      steps.map(({ urn, detailedDiff, old, new: next }) => [
        urn.split('::').at(-1),
        Object.keys(detailedDiff ?? {}).sort(),
        old?.outputs['weights'] as unknown,
        next?.inputs['weights'] as unknown,
      ]),
      [['shop/reviews', ['weights.v1', 'weights.v3'], { v1: 90, v3: 10 }, { v1: 75, v3: 25 }]],
    );
    assert.deepEqual(await changed(), ['update Route shop/reviews']);
    assert.deepEqual([weights('reviews'), weights('ratings')], [[75, 25], [100]]);
  });

  it('updates only the route that --target names', async () => {
    const before = virtualService('ratings');
    configure({ reviews: route({ v1: 40, v3: 60 }), ratings: route({ v1: 50, v2: 50 }) });
    const target = (await stack.resources()).flatMap(({ urn }) => (urn.endsWith('::shop/reviews') ? [urn] : []));
    assert.deepEqual(await stack.upOnly(target), [
      { name: 'Route shop/reviews', op: 'update', event: 'starts' },
      { name: 'Route shop/reviews', op: 'update', event: 'ends' },
    ]);
    assert.deepEqual(weights('reviews'), [40, 60]);
    assert.equal(virtualService('ratings'), before);
  });

  it('refuses a route of others in the preview and the update, and leaves it as it is', async () => {
    const theirs = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'details', namespace: 'shop' },
      spec: { hosts: ['details'], http: [{ route: [{ destination: { host: 'details' } }] }] },
    };
    cluster.create(theirs, 'flagger');
    const before = virtualService('details');
    configure({ reviews: route({ v1: 60, v3: 40 }), ratings: route({ v1: 100 }), details: route({ v1: 100 }) });
    for (const operation of ['preview', 'up'] as const) {
      const { succeeded, output } = await stack.run(operation);
      assert.equal(succeeded, false);
      assert.match(
        output,
        /VirtualService shop\/details exists, and this stack did not create it \(field managers: flagger\)\./,
      );
      assert.equal(virtualService('details'), before);
    }
    configure({ reviews: route({ v1: 60, v3: 40 }), ratings: route({ v1: 100 }) });
    await stack.up();
    assert.deepEqual(weights('reviews'), [60, 40]);
    assert.equal(virtualService('details'), before);
    cluster.kubectl('delete', 'virtualservice', 'details', '-n', 'shop');
  });

  it('refuses a route of another stack, and does not delete it on destroy', async () => {
    const other = newStack('other');
    configure({ reviews: route({ v1: 1, v3: 99 }) }, other, {});
    const before = virtualService('reviews');
    for (const operation of ['preview', 'up', 'destroy'] as const) {
      const { succeeded, output } = await other.run(operation);
      assert.equal(succeeded, operation === 'destroy', output);
      if (operation !== 'destroy')
        assert.match(
          output,
          /VirtualService shop\/reviews exists, and this stack did not create it \(stack real of project meshwright; /,
        );
      assert.equal(virtualService('reviews'), before);
    }
  });

  it('never resets the weights of a route whose weights belong to a controller', async () => {
    let timeout = 0;
    const update = async (): Promise<void> => {
      timeout += 1;
      configure({
        reviews: route({ v1: 60, v3: 40 }, { weightsOwnedBy: 'argo', http: [{ timeout: `${timeout}s` }] }),
        ratings: route({ v1: 100 }),
      });
      await stack.up({ refresh: true });
    };
    const move = (weight: number): void => {
      const patch = [weight, 100 - weight].map((value, index) => ({
        op: 'replace',
        path: `/spec/http/0/route/${index}/weight`,
        value,
      }));
      cluster.kubectl(
        'patch',
        'virtualservice',
        'reviews',
        '-n',
        'shop',
        '--field-manager=rollouts-controller',
        '--type=json',
        `-p=${JSON.stringify(patch)}`,
      );
    };
    await update();
    const moving = { weight: 5, done: false, resets: 0 };
    const controller = (async () => {
      move(moving.weight);
      while (!moving.done) {
        await sleep(200);
        if (weights('reviews')[0] !== moving.weight) moving.resets += 1;
        moving.weight = (moving.weight % 95) + 5;
        move(moving.weight);
      }
    })();
    for (let round = 0; round < (long ? 20 : 3); round++) await update();
    moving.done = true;
    await controller;
    assert.equal(moving.resets, 0);
    const spec = cluster.get('virtualservice', 'shop', 'reviews').spec as { http: { timeout: string }[] };
    assert.equal(spec.http[0]?.timeout, `${timeout}s`);
  });

  it('keeps the state of an older version, whose outputs repeat the inputs, and changes nothing in the cluster', async () => {
    configure({ reviews: route({ v1: 60, v3: 40 }), ratings: route({ v1: 100 }) });
    await stack.up();
    stack.editState((resources) => resources.map(withRepeatedInputs));
    const versions = (): unknown =>
      ['reviews', 'ratings'].map((name) => cluster.get('virtualservice', 'shop', name).metadata.generation);
    const before = versions();
    assert.match((await stack.run('preview')).plan, /^no changes /);
    assert.deepEqual(await changed(), []);
    assert.match((await stack.run('preview', { refresh: true })).plan, /^no changes /);
    assert.deepEqual(versions(), before);
    configure({ reviews: route({ v1: 50, v3: 50 }), ratings: route({ v1: 100 }) });
    assert.deepEqual(await changed(), ['update Route shop/reviews']);
    assert.deepEqual([weights('reviews'), weights('ratings')], [[50, 50], [100]]);
  });

  it('takes over the RouteSet of an older state without a change in the cluster', async () => {
    configure({ reviews: route({ v1: 60, v3: 40 }), ratings: route({ v1: 100 }) });
    await stack.up();
    stack.editState((resources) => withRouteSet(resources, cluster));
    const generations = (): unknown =>
      ['reviews', 'ratings'].map((name) => cluster.get('virtualservice', 'shop', name).metadata.generation);
    const rules = cluster.names('destinationrules', 'shop');
    const before = generations();
    const { plan } = await stack.run('preview');
    assert.match(plan, /^no changes /);
    assert.deepEqual(await changed(), [
      'create Route shop/ratings',
      'create Route shop/reviews',
      'delete RouteSet shop',
    ]);
    assert.deepEqual([generations(), cluster.names('destinationrules', 'shop')], [before, rules]);
    assert.deepEqual(await changed(), []);
    assert.ok((await stack.run('destroy')).succeeded);
  });
});

/** A Route in the state of the version before this one. */
function withRepeatedInputs(resource: StateResource): StateResource {
  const { type, inputs = {}, outputs = {} } = resource;
  if (type !== routeType) return resource;
  return { ...resource, outputs: { ...without(inputs, 'objects'), ...outputs, unproven: [] } };
}

/**
 * The state and the labels in the cluster in the form of the previous version: one RouteSet for the Routes of the
 * namespace.
 */
function withRouteSet(resources: StateResource[], cluster: Cluster): StateResource[] {
  const routes = resources.filter(({ type }) => type === routeType);
  const [first] = routes;
  assert.ok(first);
  const urn = first.urn.replace(`${routeType}::`, `${routeSetType}::`).replace(/\/[^/]*$/, '');
  const id = routeId(urn, String(first.outputs?.['server']), 'shop');
  const objects = Object.assign({}, ...routes.map(({ inputs }) => inputs?.['objects'])) as Record<string, string>;
  for (const title of Object.keys(objects)) {
    const [kind = '', name = ''] = title.replace('shop/', '').split(' ');
    cluster.kubectl('label', kind, name, '-n', 'shop', '--overwrite', `meshwright.io/route-set=${id}`);
    cluster.kubectl('annotate', kind, name, '-n', 'shop', 'meshwright.io/owner-');
  }
  const inputs = { ...without(first.inputs ?? {}, 'weights'), objects };
  const outputs = { ...without(first.outputs ?? {}, 'weights'), objects };
  const set = { ...first, urn, id, type: routeSetType, inputs, outputs };
  return [...resources.filter(({ type }) => type !== routeType), set];
}
