import type { KubernetesResource } from './kubernetes-resource';

/** What was met in this run, or is expected to be, by its text. */
const known = new Map<string, readonly KubernetesResource[]>();

/** The very same objects for the same text, so that what was found out about them once holds. */
export function met(text: string, make: () => readonly KubernetesResource[]): readonly KubernetesResource[] {
  const objects = known.get(text) ?? make();
  known.set(text, objects);
  return objects;
}
