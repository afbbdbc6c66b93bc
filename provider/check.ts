import { isDeepStrictEqual } from 'node:util';
import { objectTitle, type KubernetesObject } from '../mesh/manifests/kubernetes';
import { objectPath, routingKinds, type RouteInputs } from '../mesh/manifests/route-set';
import { withWeightsOf } from '../mesh/manifests/route-weights';
import { changeProblems, check } from '../policy/check';
import type { Finding } from '../policy/finding';
import { isRoute, isUnknown, parsedObjects } from './route-state';

/** A mistake in an input. */
export interface CheckFailure {
  /** Path of the input. */
  property: string;
  reason: string;
}

/** A Route has the objects of one service: everything else that they name may exist elsewhere. */
const externals = {
  namespaces: ['*'],
  hosts: ['*'],
  gateways: ['*'],
  secrets: ['*'],
  workloads: ['*'],
  serviceAccounts: ['*'],
};

/** All malformed inputs of a Route. */
export function inputFailures(inputs: Readonly<Record<string, unknown>>): CheckFailure[] {
  const { namespace, objects } = inputs;
  if (typeof namespace !== 'string' || namespace === '') {
    return [{ property: 'namespace', reason: 'must be the name of the namespace of all objects' }];
  }
  if (isUnknown(objects)) return [];
  if (typeof objects !== 'object' || objects === null) {
    return [{ property: 'objects', reason: 'must be a map: title → object as JSON' }];
  }
  return Object.entries(objects).flatMap(([title, json]) =>
    isUnknown(json)
      ? []
      : objectFailures(title, json, namespace).map((reason) => ({ property: objectPath(title), reason })),
  );
}

function objectFailures(title: string, json: unknown, namespace: string): string[] {
  const object = parsed(json);
  if (object?.metadata?.name === undefined || object.kind === undefined) return ['must be a Kubernetes object as JSON'];
  const { kind, metadata } = object;
  if (routingKinds[kind] === undefined) {
    return [`is a ${kind}; allowed are ${Object.keys(routingKinds).join(' and ')}`];
  }
  const { name, namespace: own } = { name: title, ...metadata };
  const actual = objectTitle({ kind, metadata: { name, ...(own === undefined ? {} : { namespace: own }) } });
  return [
    ...(actual === title ? [] : [`the key does not match the object ${actual}`]),
    ...(own === namespace ? [] : [`must be in namespace ${namespace}`]),
  ];
}

function parsed(json: unknown): { kind?: string; metadata?: { name?: string; namespace?: string } } | undefined {
  try {
    const value: unknown = JSON.parse(String(json));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Mandatory findings on the objects themselves. */
export function findingFailures({ objects, limits = {} }: RouteInputs): CheckFailure[] {
  if (isUnknown(objects)) return [];
  const { rules = {} } = limits;
  return check([...parsedObjects(objects).values()], { externals, rules }).flatMap((finding) => failure(finding));
}

/**
 * Mandatory findings on the change: a weight that moves further than the stack allows, a subset that is removed while the deployed route still uses it.
 * @param before - the inputs of the last update; undefined for a new Route
 */
export function changeFailures(before: RouteInputs | undefined, after: RouteInputs): CheckFailure[] {
  if (before === undefined || isUnknown(before.objects) || isUnknown(after.objects)) return [];
  const [old, now] = [parsedObjects(before.objects), parsedObjects(after.objects)];
  const changed = [...now].flatMap(([title, object]): [KubernetesObject, KubernetesObject][] => {
    const was = old.get(title);
    if (was === undefined) return [];
    // The stack does not change weights that others own.
    const next = after.weightsOwnedBy === undefined || !isRoute(object) ? object : withWeightsOf(object, was);
    return isDeepStrictEqual(was, next) ? [] : [[was, next]];
  });
  if (changed.length === 0) return [];
  const [was, is] = [changed.map(([one]) => one), changed.map(([, one]) => one)];
  return changeProblems(was, is, after.limits ?? {}).flatMap((finding) => failure(finding, 'this change is refused: '));
}

function failure({ level, rule, kind, namespace, name, path, message }: Finding, prefix = ''): CheckFailure[] {
  if (level !== 'mandatory') return [];
  const title = objectTitle({ kind, metadata: { name, namespace } });
  const place = path === '' ? '' : `${path}: `;
  return [{ property: objectPath(title), reason: `${prefix}${place}${message} (${rule})` }];
}
