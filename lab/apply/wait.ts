import { objectKey, objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { ApiServer } from '../api';
import { LabError } from '../errors';
import { byKey, liveObjects } from './live';
import { unreadiness, waitedFor } from './readiness';
import type { WaitOptions } from './types';
import { waitUntilNone } from './wait-until';

const DEFAULT_TIMEOUT_SECONDS = 120;

/** Those of the objects that are not Ready, each with the reason. */
async function notReady(api: ApiServer, objects: readonly KubernetesObject[]): Promise<string[]> {
  const live = byKey(await liveObjects(api, objects));
  return objects.flatMap((object) => {
    const found = live.get(objectKey(object));
    const reason = found === undefined ? 'is not there' : unreadiness(found);
    return reason === undefined ? [] : [`${objectTitle(object)}: ${reason}`];
  });
}

/** Waits until the workloads among the objects are Ready. Throws a LabError that names those that are not when the time is up. */
export async function awaitReady(
  api: ApiServer,
  objects: readonly KubernetesObject[],
  { log, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS }: WaitOptions,
): Promise<void> {
  const workloads = objects.filter(({ apiVersion, kind }) => waitedFor.some((one) => one === `${apiVersion}/${kind}`));
  const talk = (left: readonly string[]): string =>
    `${workloads.length - left.length} of ${workloads.length} workloads Ready; ${left[0] ?? ''}`;
  const left = await waitUntilNone(() => notReady(api, workloads), { log, timeoutSeconds, talk });
  if (left.length === 0) return;
  throw new LabError([`Not Ready after ${timeoutSeconds} s:`, ...left.map((line) => `  ${line}`)].join('\n'));
}
