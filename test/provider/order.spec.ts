import assert from 'node:assert/strict';
import { allRouteObjects } from '../../mesh/manifests/routes';
import type { RouteSettings } from '../../mesh/manifests/settings';
import { expectedRoute, sharedDestinations } from '../../cluster/proxies';
import { executePlan } from '../../provider/execute-plan';
import { planOf } from '../../provider/plan';
import { objectTitle, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { contextOf } from './support';

/** A recorded step of the provider. */
type Step =
  | { step: 'create' | 'update' | 'delete'; object: KubernetesObject }
  /** Wait until every proxy can send requests to these destinations, which `object` is about to name. */
  | { step: 'reach'; object: KubernetesObject; destinations: string[] }
  /** Wait until every proxy serves `object`, or no longer serves it. */
  | { step: 'prove'; object: KubernetesObject; gone: boolean }
  /** Give open connections to these destinations time to end. */
  | { step: 'drain'; left: string };

/** Lets the provider update a cluster from one set of objects to another, and records its steps. */
async function orderOf(before: readonly KubernetesObject[], after: readonly KubernetesObject[]): Promise<Step[]> {
  const steps: Step[] = [];
  const [from, to] = [before, after].map((objects) => new Map(objects.map((object) => [objectTitle(object), object])));
  assert.ok(from && to);
  const stated = (object: KubernetesObject): KubernetesObject => to.get(objectTitle(object)) ?? object;
  const context = contextOf({
    cluster: {
      apply: (object: KubernetesObject) => {
        steps.push({ step: from.has(objectTitle(object)) ? 'update' : 'create', object: stated(object) });
        return Promise.resolve();
      },
      remove: (object: KubernetesObject) => {
        steps.push({ step: 'delete', object });
        return Promise.resolve();
      },
    },
    prover: {
      reach: (old: KubernetesObject | undefined, object: KubernetesObject) => {
        const known = old === undefined ? [] : named(old);
        const destinations = named(object).filter((name) => !known.includes(name));
        if (destinations.length > 0) steps.push({ step: 'reach', object, destinations });
        return Promise.resolve();
      },
      live: (old: KubernetesObject | undefined, now: KubernetesObject | undefined) => {
        const object = now ?? old;
        if (object !== undefined) steps.push({ step: 'prove', object, gone: now === undefined });
        return Promise.resolve(undefined);
      },
      drain: (left: readonly string[]) => {
        if (left.length > 0) steps.push({ step: 'drain', left: left.join('; ') });
        return Promise.resolve();
      },
    },
  });
  const { failures } = await executePlan(planOf(from, to), from, context);
  assert.deepEqual(failures, []);
  return steps;
}

const protocols = ['http', 'tcp', 'tls'] as const;
type Protocol = (typeof protocols)[number];
const versions = ['v1', 'v2', 'v3'];

/** Every state of a service of up to three versions: which versions are declared, and which of them get requests. The empty one is a service without a route. */
const states = subsets(versions).flatMap((declared) =>
  declared.length === 0
    ? [{ declared, used: [] as string[] }]
    : subsets(declared)
        .filter((used) => used.length > 0)
        .map((used) => ({ declared, used })),
);

describe('the order of a change', function () {
  this.timeout(60_000);
  for (const protocol of protocols) {
    it(`never lets a proxy route to a missing destination, between all states of a service with three versions, for ${protocol}`, async () => {
      for (const before of states) {
        for (const after of states) {
          const [from, to] = [objectsOf(before, protocol), objectsOf(after, protocol)];
          const title = `${JSON.stringify(before)} to ${JSON.stringify(after)}`;
          const steps = await orderOf(from, to);
          assert.deepEqual(misses(from, steps), [], title);
          assert.deepEqual(keys(played(from, steps)), keys(to), title);
        }
      }
    });
  }

  it('fails this check if any one of its steps is left out', async () => {
    const from = objectsOf({ declared: ['v1', 'v2'], used: ['v1', 'v2'] }, 'http');
    const to = objectsOf({ declared: ['v1', 'v3'], used: ['v1', 'v3'] }, 'http');
    const steps = await orderOf(from, to);
    assert.deepEqual(steps.map(words), [
      'create DestinationRule reviews.v3',
      'reach reviews.shop.svc|v3',
      'update VirtualService reviews',
      'prove VirtualService reviews',
      'drain VirtualService shop/reviews: v2',
      'delete DestinationRule reviews.v2',
    ]);
    const without = (text: string): Step[] => steps.filter((step) => !words(step).startsWith(text));
    assert.deepEqual(misses(from, without('create')), ['reach reviews.shop.svc|v3: never', 'reviews.shop.svc|v3']);
    assert.deepEqual(misses(from, without('reach')), ['reviews.shop.svc|v3']);
    assert.deepEqual(misses(from, without('prove')), ['reviews.shop.svc|v2', 'reviews.shop.svc|v2 has connections']);
    assert.deepEqual(misses(from, without('drain')), ['reviews.shop.svc|v2 has connections']);
  });

  it('does nothing if nothing changed', async () => {
    const objects = objectsOf({ declared: versions, used: versions }, 'http');
    assert.deepEqual(await orderOf(objects, objects), []);
  });

  it('changes weights in place, with nothing to reach or to drain', async () => {
    const at = (weights: RouteSettings['weights']): KubernetesObject[] => routed({ versions, weights: weights ?? {} });
    assert.deepEqual((await orderOf(at({ v1: 90, v2: 10 }), at({ v1: 50, v2: 50 }))).map(words), [
      'update VirtualService reviews',
      'prove VirtualService reviews',
    ]);
  });

  it('removes a route before its subsets, and the subsets only after no proxy has the route', async () => {
    const steps = (await orderOf(objectsOf({ declared: ['v1', 'v2'], used: ['v2'] }, 'http'), [])).map(words);
    assert.deepEqual(steps, [
      'delete VirtualService reviews',
      'prove VirtualService reviews gone',
      'drain VirtualService shop/reviews: v2',
      'delete DestinationRule reviews.v1',
      'delete DestinationRule reviews.v2',
    ]);
  });

  it('moves a route to another namespace by creating all of it there first', async () => {
    const settings = { host: 'reviews.shop.svc.cluster.local', versions: ['v1'], weights: { v1: 100 } };
    const steps = (await orderOf(routed(settings, 'shop'), routed(settings, 'team'))).map((step) =>
      'object' in step ? `${words(step)} in ${step.object.metadata.namespace ?? ''}` : words(step),
    );
    assert.deepEqual(steps, [
      'create DestinationRule reviews.v1 in team',
      'reach reviews.shop.svc|v1 in team',
      'create VirtualService reviews in team',
      'prove VirtualService reviews in team',
      'delete VirtualService reviews in shop',
      'prove VirtualService reviews gone in shop',
      'drain VirtualService shop/reviews: v1',
      'delete DestinationRule reviews.v1 in shop',
    ]);
  });

  it('treats a renamed object as a new and a removed object', async () => {
    const settings = { versions: ['v1'], weights: { v1: 100 } };
    const renamed = routed({ ...settings, virtualService: { name: 'reviews-route' } });
    const steps = (await orderOf(routed(settings), renamed)).map(words);
    assert.deepEqual(steps, [
      'reach reviews.shop.svc|v1',
      'create VirtualService reviews-route',
      'prove VirtualService reviews-route',
      'delete VirtualService reviews',
      'prove VirtualService reviews gone',
      'drain VirtualService shop/reviews: v1',
    ]);
  });

  it('reaches the new host before the route goes there, and drains the old one', async () => {
    const at = (host: string): KubernetesObject[] =>
      routed({ host, hosts: ['shop.example.com'], versions: ['v1'], weights: { v1: 100 } });
    assert.deepEqual((await orderOf(at('reviews'), at('reviews-next'))).map(words), [
      'update DestinationRule reviews.v1',
      'reach reviews-next.shop.svc|v1',
      'update VirtualService reviews',
      'prove VirtualService reviews',
      'drain VirtualService shop/reviews: v1',
    ]);
  });

  it('proves a change of gateways, which has nothing to reach or to drain', async () => {
    const at = (gateways: string[]): KubernetesObject[] => routed({ gateways, versions: ['v1'], weights: { v1: 100 } });
    assert.deepEqual((await orderOf(at(['edge']), at(['edge', 'mesh']))).map(words), [
      'update VirtualService reviews',
      'prove VirtualService reviews',
    ]);
  });
});

/**
 * Lost requests, in a mesh whose proxies apply each change at any time unless a step waits for them: a proxy may serve any state of a route since it was last proven, and may lose a subset as soon as
 * the rule is deleted.
 */
function misses(from: readonly KubernetesObject[], steps: readonly Step[]): string[] {
  const rules = new Map(
    from.filter(isRule).map((rule) => [rule.metadata.name + (rule.metadata.namespace ?? ''), rule]),
  );
  const served = new Map(from.filter(isRoute).map((route) => [id(route), [route]]));
  const reached = new Set(from.filter(isRule).flatMap(subsetsOf));
  const draining = new Set<string>();
  const lost = new Set<string>();
  for (const one of steps) {
    const existing = (): string[] => [...rules.values()].flatMap(subsetsOf);
    if (one.step === 'drain') {
      const used = [...served.values()].flat().flatMap(named);
      for (const name of [...draining]) if (!used.includes(name)) draining.delete(name);
    } else if (one.step === 'reach') {
      for (const name of one.destinations) {
        if (existing().includes(name)) reached.add(name);
        else lost.add(`reach ${name}: never`);
      }
    } else if (one.step === 'prove') {
      served.set(id(one.object), one.gone ? [] : [one.object]);
    } else if (isRule(one.object)) {
      const rule = one.object.metadata.name + (one.object.metadata.namespace ?? '');
      if (one.step === 'delete') rules.delete(rule);
      else rules.set(rule, one.object);
      for (const name of reached) if (!existing().includes(name)) reached.delete(name);
      for (const name of draining) if (!existing().includes(name)) lost.add(`${name} has connections`);
    } else if (one.step === 'delete') {
      for (const name of named(one.object)) draining.add(name);
    } else {
      const before = served.get(id(one.object)) ?? [];
      for (const name of before.flatMap(named)) if (!named(one.object).includes(name)) draining.add(name);
      served.set(id(one.object), [...before, one.object]);
    }
    for (const name of [...served.values()].flat().flatMap(named)) if (!reached.has(name)) lost.add(name);
  }
  return [...lost].sort();
}

function played(from: readonly KubernetesObject[], steps: readonly Step[]): KubernetesObject[] {
  const there = new Map(from.map((object) => [id(object), object]));
  for (const one of steps) {
    if (one.step === 'delete') there.delete(id(one.object));
    else if (one.step === 'create' || one.step === 'update') there.set(id(one.object), one.object);
  }
  return [...there.values()];
}

function keys(objects: readonly KubernetesObject[]): string[] {
  return objects.map((object) => JSON.stringify(object)).sort();
}

function objectsOf({ declared, used }: { declared: string[]; used: string[] }, protocol: Protocol): KubernetesObject[] {
  if (declared.length === 0) return [];
  const weights = Object.fromEntries(used.map((version, index) => [version, index === 0 ? ('rest' as const) : 10]));
  const rules = {
    http: {},
    tcp: { tcp: [{ match: [{ port: 9080 }] }] },
    tls: { tls: [{ match: [{ sniHosts: ['reviews.example.com'], port: 443 }] }] },
  };
  return routed({ versions: declared, weights, ...rules[protocol] });
}

function routed(settings: RouteSettings, namespace = 'shop'): KubernetesObject[] {
  return allRouteObjects({ [namespace]: { reviews: settings } }).flatMap(({ destinationRules, virtualService }) => [
    ...destinationRules.map(({ object }) => object),
    ...(virtualService === undefined ? [] : [virtualService.object]),
  ]);
}

function words(step: Step): string {
  if (step.step === 'drain') return `drain ${step.left}`;
  if (step.step === 'reach') return `reach ${step.destinations.join(', ')}`;
  const { kind, metadata } = step.object;
  return `${step.step} ${kind} ${metadata.name}${step.step === 'prove' && step.gone ? ' gone' : ''}`;
}

function subsets(list: string[]): string[][] {
  const [first, ...rest] = list;
  if (first === undefined) return [[]];
  const others = subsets(rest);
  return [...others, ...others.map((other) => [first, ...other])];
}

function named(route: KubernetesObject): string[] {
  return sharedDestinations(expectedRoute(route));
}

function subsetsOf({ spec, metadata }: KubernetesObject): string[] {
  const { host = '', subsets: found = [] } = (spec ?? {}) as { host?: string; subsets?: { name: string }[] };
  const full = host.includes('.') ? host.replace(/\.cluster\.local$/, '') : `${host}.${metadata.namespace ?? ''}.svc`;
  return found.map(({ name }) => `${full}|${name}`);
}

function isRule({ kind }: KubernetesObject): boolean {
  return kind === 'DestinationRule';
}

function isRoute({ kind }: KubernetesObject): boolean {
  return kind === 'VirtualService';
}

function id({ kind, metadata }: KubernetesObject): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}
