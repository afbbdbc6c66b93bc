import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { allRouteObjects } from '../../../mesh/manifests/route-objects';
import type { RouteSettings } from '../../../mesh/manifests/settings';
import { expectedRoute, orderOf, sharedDestinations, type OrderStep } from '../../../cluster/proxies';

const protocols = ['http', 'tcp', 'tls'] as const;
type Protocol = (typeof protocols)[number];
const versions = ['v1', 'v2', 'v3'];

/** Every state of a service of up to three versions: which there are, and which of them share the requests. The empty one is a service without a route. */
const states = subsets(versions).flatMap((declared) =>
  declared.length === 0
    ? [{ declared, used: [] as string[] }]
    : subsets(declared)
        .filter((used) => used.length > 0)
        .map((used) => ({ declared, used })),
);

describe('the order of a change', () => {
  for (const protocol of protocols) {
    it(`never has a proxy route to what is not there, whatever state a service of three versions goes to from whatever other, for ${protocol}`, () => {
      for (const before of states) {
        for (const after of states) {
          const [from, to] = [objectsOf(before, protocol), objectsOf(after, protocol)];
          const title = `${JSON.stringify(before)} to ${JSON.stringify(after)}`;
          const steps = orderOf(from, to);
          assert.deepEqual(misses(from, steps), [], title);
          assert.deepEqual(keys(played(from, steps)), keys(to), title);
        }
      }
    });
  }

  it('is caught out by the check above when any one of its steps is missing or early', () => {
    const from = objectsOf({ declared: ['v1', 'v2'], used: ['v1', 'v2'] }, 'http');
    const to = objectsOf({ declared: ['v1', 'v3'], used: ['v1', 'v3'] }, 'http');
    const steps = orderOf(from, to);
    assert.deepEqual(steps.map(words), [
      'create DestinationRule reviews.v3',
      'reach reviews.shop.svc|v3',
      'update VirtualService reviews',
      'prove VirtualService reviews',
      'drain v2',
      'delete DestinationRule reviews.v2',
    ]);
    const without = (text: string): OrderStep[] => steps.filter((step) => !words(step).startsWith(text));
    assert.deepEqual(misses(from, without('create')), ['reach reviews.shop.svc|v3: never', 'reviews.shop.svc|v3']);
    assert.deepEqual(misses(from, without('reach')), ['reviews.shop.svc|v3']);
    assert.deepEqual(misses(from, without('prove')), ['reviews.shop.svc|v2', 'reviews.shop.svc|v2 has connections']);
    assert.deepEqual(misses(from, without('drain')), ['reviews.shop.svc|v2 has connections']);
  });

  it('does nothing when nothing changed', () => {
    const objects = objectsOf({ declared: versions, used: versions }, 'http');
    assert.deepEqual(orderOf(objects, objects), []);
  });

  it('changes weights in place, with nothing to reach or to drain', () => {
    const at = (weights: RouteSettings['weights']): KubernetesObject[] => routed({ versions, weights: weights ?? {} });
    assert.deepEqual(orderOf(at({ v1: 90, v2: 10 }), at({ v1: 50, v2: 50 })).map(words), [
      'update VirtualService reviews',
      'prove VirtualService reviews',
    ]);
  });

  it('takes a route away before its subsets, and only when no proxy has it', () => {
    const steps = orderOf(objectsOf({ declared: ['v1', 'v2'], used: ['v2'] }, 'http'), []).map(words);
    assert.deepEqual(steps, [
      'delete VirtualService reviews',
      'prove VirtualService reviews gone',
      'drain v2',
      'delete DestinationRule reviews.v1',
      'delete DestinationRule reviews.v2',
    ]);
  });

  it('moves a route to another namespace by making all of it there first', () => {
    const settings = { host: 'reviews.shop.svc.cluster.local', versions: ['v1'], weights: { v1: 100 } };
    const steps = orderOf(routed(settings, 'shop'), routed(settings, 'team')).map(
      (step) => `${words(step)} in ${step.object.metadata.namespace ?? ''}`,
    );
    assert.deepEqual(steps, [
      'create DestinationRule reviews.v1 in team',
      'reach reviews.shop.svc|v1 in team',
      'create VirtualService reviews in team',
      'prove VirtualService reviews in team',
      'delete VirtualService reviews in shop',
      'prove VirtualService reviews gone in shop',
      'drain v1 in shop',
      'delete DestinationRule reviews.v1 in shop',
    ]);
  });

  it('takes a renamed object as a new one and an old one', () => {
    const settings = { versions: ['v1'], weights: { v1: 100 } };
    const steps = orderOf(routed(settings), routed({ ...settings, virtualService: { name: 'reviews-route' } })).map(
      words,
    );
    assert.deepEqual(steps, [
      'reach reviews.shop.svc|v1',
      'create VirtualService reviews-route',
      'prove VirtualService reviews-route',
      'delete VirtualService reviews',
      'prove VirtualService reviews gone',
      'drain v1',
    ]);
  });

  it('reaches the new host before the route goes there, and drains the old one', () => {
    const at = (host: string): KubernetesObject[] =>
      routed({ host, hosts: ['shop.example.com'], versions: ['v1'], weights: { v1: 100 } });
    assert.deepEqual(orderOf(at('reviews'), at('reviews-next')).map(words), [
      'update DestinationRule reviews.v1',
      'reach reviews-next.shop.svc|v1',
      'update VirtualService reviews',
      'prove VirtualService reviews',
      'drain v1',
    ]);
  });

  it('proves a change of gateways, which has nothing to reach or to drain', () => {
    const at = (gateways: string[]): KubernetesObject[] => routed({ gateways, versions: ['v1'], weights: { v1: 100 } });
    assert.deepEqual(orderOf(at(['edge']), at(['edge', 'mesh'])).map(words), [
      'update VirtualService reviews',
      'prove VirtualService reviews',
    ]);
  });
});

/**
 * Requests that are lost, in a mesh whose proxies take each change when they like unless they are waited for: a route may be served as it is or as it ever was since it was last proven, and a subset
 * may be gone from a proxy as soon as its rule is.
 */
function misses(from: readonly KubernetesObject[], steps: readonly OrderStep[]): string[] {
  const rules = new Map(
    from.filter(isRule).map((rule) => [rule.metadata.name + (rule.metadata.namespace ?? ''), rule]),
  );
  const served = new Map(from.filter(isRoute).map((route) => [id(route), [route]]));
  const reached = new Set(from.filter(isRule).flatMap(subsetsOf));
  const draining = new Set<string>();
  const lost = new Set<string>();
  for (const { step, object, ...more } of steps) {
    const existing = (): string[] => [...rules.values()].flatMap(subsetsOf);
    if (isRule(object)) {
      const name = object.metadata.name + (object.metadata.namespace ?? '');
      if (step === 'delete') rules.delete(name);
      else rules.set(name, object);
      for (const name of reached) if (!existing().includes(name)) reached.delete(name);
      for (const name of draining) if (!existing().includes(name)) lost.add(`${name} has connections`);
    } else if (step === 'reach' && 'destinations' in more) {
      for (const name of more.destinations) {
        if (existing().includes(name)) reached.add(name);
        else lost.add(`reach ${name}: never`);
      }
    } else if (step === 'create' || step === 'update') {
      const before = served.get(id(object)) ?? [];
      for (const name of before.flatMap(named)) if (!named(object).includes(name)) draining.add(name);
      served.set(id(object), [...before, object]);
    } else if (step === 'delete') {
      for (const name of named(object)) draining.add(name);
    } else if (step === 'prove') {
      served.set(id(object), 'gone' in more && more.gone ? [] : [object]);
    } else if (step === 'drain') {
      for (const name of [...draining])
        if (![...served.values()].flat().flatMap(named).includes(name)) draining.delete(name);
    }
    for (const name of [...served.values()].flat().flatMap(named)) if (!reached.has(name)) lost.add(name);
  }
  return [...lost].sort();
}

function played(from: readonly KubernetesObject[], steps: readonly OrderStep[]): KubernetesObject[] {
  const there = new Map(from.map((object) => [id(object), object]));
  for (const { step, object } of steps) {
    if (step === 'delete') there.delete(id(object));
    else if (step === 'create' || step === 'update') there.set(id(object), object);
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

function words(step: OrderStep): string {
  const { kind, metadata } = step.object;
  if (step.step === 'reach') return `reach ${step.destinations.join(', ')}`;
  if (step.step === 'drain') return `drain ${step.left.join(', ')}`;
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
