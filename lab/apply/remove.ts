import { objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { kubectl } from '../kubectl';
import type { KubectlTarget } from '../kubectl';
import type { Log } from '../types';
import { kubeList, reference } from './live';
import { inStages } from './stages';

/** Longest wait, in seconds, for objects to be gone. */
const GONE_SECONDS = 120;

/** Deletes objects and waits until they are gone, in the opposite order of applying: first who sends traffic, last where it goes. */
export async function removeObjects(
  target: KubectlTarget,
  objects: readonly KubernetesObject[],
  log: Log,
): Promise<void> {
  for (const batch of inStages(objects).toReversed()) {
    log(`removing ${batch.objects.map(objectTitle).join(', ')}`);
    const args = ['delete', '-f', '-', '--ignore-not-found', `--timeout=${GONE_SECONDS}s`];
    await kubectl(target, args, kubeList(batch.objects.map(reference)));
  }
}

/** Waits until namespaces that are being deleted are gone. */
export async function awaitGone(target: KubectlTarget, namespaces: readonly string[], log: Log): Promise<void> {
  if (namespaces.length === 0) return;
  log(`waiting for the end of namespace ${namespaces.join(', ')}`);
  const names = namespaces.map((name) => `namespace/${name}`);
  await kubectl(target, ['wait', '--for=delete', `--timeout=${GONE_SECONDS}s`, ...names]);
}
