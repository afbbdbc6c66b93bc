import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { orderOf, proveDestinations, proveRoute, type MeshView, type ProofOptions } from '../../../cluster/proxies';
import type { KubeApi } from './kube-api';

export interface InOrderOptions {
  api: Pick<KubeApi, 'apply' | 'remove'>;
  mesh: MeshView;
  /** Milliseconds. */
  timeout: number;
  /** Milliseconds. */
  drain: number;
}

/** Takes a mesh from one set of routing objects to another, one step of the order after the other. */
export async function applyInOrder(
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  { api, mesh, timeout, drain }: InOrderOptions,
): Promise<void> {
  const proof: ProofOptions = { mesh, timeout, log: () => undefined };
  const old = (object: KubernetesObject): KubernetesObject | undefined =>
    before.find(({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name);
  for (const step of orderOf(before, after)) {
    const { object } = step;
    if (step.step === 'create' || step.step === 'update') await api.apply(object);
    else if (step.step === 'delete') await api.remove(object);
    else if (step.step === 'reach') await proveDestinations(old(object), object, false, proof);
    else if (step.step === 'prove') await proveRoute(old(object), step.gone ? undefined : object, proof);
    else await sleep(drain);
  }
}
