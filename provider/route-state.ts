import { unknownValue } from '@pulumi/pulumi/runtime/rpc';
import { isDeepStrictEqual } from 'node:util';
import { defined, type KubernetesObject } from '../mesh/manifests/kubernetes';
import type { RouteInputs } from '../mesh/manifests/route-set';

/** A Route in Pulumi's state: its inputs, with the objects that are in the cluster. */
export interface RouteState extends RouteInputs {
  /** Address of the API server. */
  server: string;
  /** Titles of VirtualServices that were written, but not proven. */
  unproven: string[];
  /** The Route was imported: its objects may lack the marks of their owner until an update writes them. An import has no objects yet, and the update that follows it takes over those that exist. */
  adopted?: boolean;
}

/** Whether a Route was imported and has not been updated since. */
export function isImported({ adopted = false, objects }: RouteState): boolean {
  return adopted && Object.keys(objects).length === 0;
}

/** Objects of a Route by their title. */
export type ObjectsByTitle = ReadonlyMap<string, KubernetesObject>;

export function isUnknown(value: unknown): boolean {
  return value === unknownValue;
}

/** Parses objects from their JSON, without those that are unknown before deployment. */
export function parsedObjects(serialized: Readonly<Record<string, string>>): ObjectsByTitle {
  const known = Object.entries(serialized).filter(([, json]) => !isUnknown(json));
  return new Map(known.map(([title, json]) => [title, JSON.parse(json) as KubernetesObject]));
}

export function isRoute({ kind }: KubernetesObject): boolean {
  return kind === 'VirtualService';
}

/**
 * The fields of a live object that the stack has applied. Labels, annotations and fields of others are not drift; all
 * of `spec` belongs to the stack.
 * @returns `applied` itself when nothing differs
 */
export function appliedFields(applied: KubernetesObject, live: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, metadata, ...fields } = applied;
  const own = Object.fromEntries(Object.keys(fields).map((key) => [key, live[key]]));
  const found = {
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      ...sameKeys('labels', metadata.labels, live.metadata.labels),
      ...sameKeys('annotations', metadata.annotations, live.metadata.annotations),
    },
    ...defined(own),
  };
  return isDeepStrictEqual(found, applied) ? applied : found;
}

type Strings = Record<string, string>;

function sameKeys(key: string, applied: Strings | undefined, live: Strings = {}): Record<string, Strings> {
  if (applied === undefined) return {};
  return {
    [key]: Object.fromEntries(
      Object.keys(applied).flatMap((name) => (live[name] === undefined ? [] : [[name, live[name]]])),
    ),
  };
}
