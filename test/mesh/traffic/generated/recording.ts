import { createHash } from 'node:crypto';
import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import type { GeneratedSet } from './route-set';

/** Answers of real proxies to generated sets of rules. */
export interface Recording {
  istio: string;
  envoy: string;
  /** Requests per set. */
  requests: number;
  /** The strings that results refer to by index. */
  texts: string[];
  sets: RecordedSet[];
}

export interface RecordedSet {
  seed: number;
  /** Hash of the generated set. If it differs, the generator has changed, and the recording must be made anew. */
  digest: string;
  /** Seconds after the first object at which each was created. */
  created: number[];
  /** For each request: the index of the only observed string, or pairs of index and count. */
  results: (number | [number, number][])[];
}

export function digest(set: GeneratedSet<string>): string {
  return createHash('sha256').update(JSON.stringify(set)).digest('hex').slice(0, 12);
}

/** The set's objects with the creation times that they had in the cluster. */
export function withCreationTimes(
  objects: readonly KubernetesObject[],
  created: readonly number[],
): KubernetesObject[] {
  const start = Date.UTC(2026, 0, 1);
  return objects.map((object, index) => {
    const creationTimestamp = new Date(start + (created[index] ?? 0) * 1000).toISOString();
    return { ...object, metadata: { ...object.metadata, creationTimestamp } as KubernetesObject['metadata'] };
  });
}
