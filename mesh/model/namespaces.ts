import type { MeshConfig } from './mesh-config';
import type { MeshObject, ObjectIndex } from './object-index';

/** A namespace that is among the objects, or that one of them lies in. */
export interface MeshNamespace {
  name: string;
  labels: Record<string, string>;
  /** Undefined for a namespace that only its objects speak of. */
  source: MeshObject | undefined;
}

/** Namespaces by name, in creation order, those without an object of their own last. */
export function namespaces(objects: ObjectIndex, config: MeshConfig): ReadonlyMap<string, MeshNamespace> {
  const found = new Map<string, MeshNamespace>();
  for (const source of objects.ofKind('Namespace')) {
    found.set(source.name, { name: source.name, labels: source.labels, source });
  }
  const spokenOf = [...objects.all.map((object) => object.namespace), config.rootNamespace].filter(
    (name) => name !== '',
  );
  for (const name of [...new Set(spokenOf)].sort()) {
    if (!found.has(name)) found.set(name, { name, labels: {}, source: undefined });
  }
  return found;
}
