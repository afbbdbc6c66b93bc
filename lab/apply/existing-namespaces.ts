import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { LiveObject } from '../api';
import { parentName } from './apply-set';
import type { NamespaceMarks, SetOptions } from './types';

/** Field manager of the labels and annotations that a set puts on namespaces of others. */
export function marksManager(set: string): string {
  return `meshwright-marks-${parentName(set)}`;
}

function marked(name: string, { labels, annotations }: NamespaceMarks): KubernetesObject {
  const metadata = {
    name,
    ...(labels && { labels: { ...labels } }),
    ...(annotations && { annotations: { ...annotations } }),
  };
  return { apiVersion: 'v1', kind: 'Namespace', metadata };
}

/**
 * What to apply, as the manager of marks, for the namespaces that are not ours: their marks, and nothing at all where a namespace
 * has marks of ours but left the configuration, which takes them away.
 */
export function markedNamespaces(
  { name, existingNamespaces = {} }: SetOptions,
  live: readonly LiveObject[],
): KubernetesObject[] {
  const manager = marksManager(name);
  const forgotten = live
    .filter(({ metadata }) => !Object.hasOwn(existingNamespaces, metadata.name))
    .filter(({ metadata }) => metadata.managedFields?.some((field) => field.manager === manager) === true)
    .map(({ metadata }) => metadata.name);
  return [
    ...Object.entries(existingNamespaces).map(([namespace, marks]) => marked(namespace, marks)),
    ...forgotten.map((namespace) => marked(namespace, {})),
  ];
}
