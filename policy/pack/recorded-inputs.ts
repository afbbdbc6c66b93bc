import type { KubernetesResource } from './kubernetes-resource';

/**
 * What resource policies saw of each resource in this run, by URN. They see the inputs, stack policies only outputs, which a preview may know nothing of; the SDK serves
 * both in one process.
 */
const inputs = new Map<string, KubernetesResource[]>();

export function recordInputs(urn: string, resources: KubernetesResource[]): void {
  inputs.set(urn, resources);
}

export function recordedInputs(urn: string): KubernetesResource[] | undefined {
  return inputs.get(urn);
}

/** Whether any resource was seen yet. */
export function hasRecorded(): boolean {
  return inputs.size > 0;
}
