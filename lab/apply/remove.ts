import { objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { isEnding } from '../api';
import type { ApiServer } from '../api';
import { LabError } from '../errors';
import type { Log } from '../types';
import { inStages } from './stages';
import { waitUntilNone } from './wait-until';

/** Longest wait, in seconds, for objects to be gone. */
const GONE_SECONDS = 120;

/** Waits until objects that are being deleted are gone; one of the same name that is not is another. */
async function awaitGone(api: ApiServer, objects: readonly KubernetesObject[], log: Log): Promise<void> {
  const look = async (): Promise<string[]> => {
    const found = await Promise.all(objects.map((object) => api.get(object)));
    return found.flatMap((object) => (object !== undefined && isEnding(object) ? [objectTitle(object)] : []));
  };
  const talk = (left: readonly string[]): string => `waiting for the end of ${left.join(', ')}`;
  const left = await waitUntilNone(look, { log, timeoutSeconds: GONE_SECONDS, talk });
  if (left.length > 0) throw new LabError(`Not gone after ${GONE_SECONDS} s: ${left.join(', ')}`);
}

/** Deletes objects and waits until they are gone, in the opposite order of applying: first who sends traffic, last where it goes. */
export async function removeObjects(api: ApiServer, objects: readonly KubernetesObject[], log: Log): Promise<void> {
  for (const batch of inStages(objects).toReversed()) {
    log(`removing ${batch.objects.map(objectTitle).join(', ')}`);
    await Promise.all(batch.objects.map((object) => api.remove(object)));
    await awaitGone(api, batch.objects, log);
  }
}

/** Waits until namespaces that are being deleted are gone. */
export async function awaitNamespacesGone(api: ApiServer, namespaces: readonly string[], log: Log): Promise<void> {
  if (namespaces.length === 0) return;
  log(`waiting for the end of namespace ${namespaces.join(', ')}`);
  const objects = namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  await awaitGone(api, objects, log);
}
