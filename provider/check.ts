import { isDeepStrictEqual } from 'node:util';
import { objectTitle, type KubernetesObject } from '../mesh/manifests/kubernetes';
import { objectPath, routingKinds, type RouteSetInputs } from '../mesh/manifests/route-set';
import { changeProblems } from '../policy/changes/change-problems';
import { objectsOf, unknown } from './set';

/** What is wrong with an input. */
export interface CheckFailure {
  /** Path of the input. */
  property: string;
  reason: string;
}

/** Everything that is wrong with what a set is told, each by itself. */
export function inputProblems(inputs: Readonly<Record<string, unknown>>): CheckFailure[] {
  const { namespace, objects } = inputs;
  if (typeof namespace !== 'string' || namespace === '') {
    return [{ property: 'namespace', reason: 'must be the name of the namespace of all objects' }];
  }
  if (objects === unknown) return [];
  if (typeof objects !== 'object' || objects === null) {
    return [{ property: 'objects', reason: 'must be objects as JSON, by their title' }];
  }
  return Object.entries(objects).flatMap(([title, text]) =>
    text === unknown
      ? []
      : objectProblems(title, text, namespace).map((reason) => ({ property: objectPath(title), reason })),
  );
}

function objectProblems(title: string, text: unknown, namespace: string): string[] {
  const object = parsed(text);
  if (object?.metadata?.name === undefined || object.kind === undefined) return ['must be the JSON of an object'];
  const { kind, metadata } = object;
  if (routingKinds[kind] === undefined) {
    return [`is a ${kind}; a route set holds ${Object.keys(routingKinds).join(' and ')} only`];
  }
  const { name, namespace: place } = { name: title, ...metadata };
  const own = objectTitle({ kind, metadata: { name, ...(place === undefined ? {} : { namespace: place }) } });
  return [
    ...(own === title ? [] : [`is ${own} by its content`]),
    ...(place === namespace ? [] : [`must be in namespace ${namespace}`]),
  ];
}

function parsed(text: unknown): { kind?: string; metadata?: { name?: string; namespace?: string } } | undefined {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What is wrong with going from one state of the set to the next: a weight that moves further than the stack allows, a subset that goes while the route being replaced still uses it.
 * @param before - as the set was last told; undefined for a new one
 */
export function changeFailures(before: RouteSetInputs | undefined, after: RouteSetInputs): CheckFailure[] {
  if (before === undefined) return [];
  // Of a large set little changes, and what has the same text does not.
  const texts = Object.entries(after.objects).filter(([title, text]) => before.objects[title] !== text);
  if (texts.length === 0) return [];
  const [old, now] = [objectsOf(before.objects), objectsOf(Object.fromEntries(texts))];
  const changed = [...now].flatMap(([title, object]): [KubernetesObject, KubernetesObject][] => {
    const was = old.get(title);
    return was === undefined || isDeepStrictEqual(was, object) ? [] : [[was, object]];
  });
  if (changed.length === 0) return [];
  const [was, is] = [changed.map(([one]) => one), changed.map(([, one]) => one)];
  return changeProblems(was, is, after.limits ?? {})
    .filter(({ level }) => level === 'mandatory')
    .map(({ rule, kind, namespace, name, path, message }) => {
      const title = objectTitle({ kind, metadata: { name, namespace } });
      return { property: objectPath(title), reason: `this change is refused: ${path}: ${message} (${rule})` };
    });
}
