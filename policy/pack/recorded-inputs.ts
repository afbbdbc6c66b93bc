import type { KubernetesResource } from './kubernetes-resource';

/**
 * What resource policies saw of each resource in this run, by URN. They see the inputs, stack policies only outputs, which a preview may know nothing of; the SDK serves
 * both in one process.
 */
const inputs = new Map<string, readonly KubernetesResource[]>();

export function recordInputs(urn: string, resources: readonly KubernetesResource[]): void {
  inputs.set(urn, resources);
}

export function recordedInputs(urn: string): readonly KubernetesResource[] | undefined {
  return inputs.get(urn);
}
