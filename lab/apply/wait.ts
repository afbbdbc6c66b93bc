import { setTimeout as sleep } from 'node:timers/promises';
import { objectKey, objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { LabError } from '../errors';
import type { KubectlTarget } from '../kubectl';
import { byKey, liveObjects } from './live';
import { unreadiness, waitedFor } from './readiness';
import type { WaitOptions } from './types';

/** Time between two looks, and between two lines about the wait, in milliseconds. */
const LOOK_MS = 250;
const TALK_MS = 5000;

const DEFAULT_TIMEOUT_SECONDS = 120;

/** Those of the objects that are not Ready, each with the reason. */
async function notReady(target: KubectlTarget, objects: readonly KubernetesObject[]): Promise<string[]> {
  const live = byKey(await liveObjects(target, objects));
  return objects.flatMap((object) => {
    const found = live.get(objectKey(object));
    const reason = found === undefined ? 'is not there' : unreadiness(found);
    return reason === undefined ? [] : [`${objectTitle(object)}: ${reason}`];
  });
}

/**
 * Waits until the Deployments, StatefulSets, DaemonSets and Pods among the objects are Ready. Throws a LabError that names those that
 * are not when the time is up.
 */
export async function waitReady(
  target: KubectlTarget,
  objects: readonly KubernetesObject[],
  { log, timeoutSeconds = DEFAULT_TIMEOUT_SECONDS }: WaitOptions,
): Promise<void> {
  const workloads = objects.filter(({ apiVersion, kind }) => waitedFor.some((one) => one === `${apiVersion}/${kind}`));
  const deadline = Date.now() + timeoutSeconds * 1000;
  let nextTalk = Date.now() + TALK_MS;
  for (;;) {
    const waiting = await notReady(target, workloads);
    if (waiting.length === 0) return;
    if (Date.now() > deadline) {
      throw new LabError([`Not Ready after ${timeoutSeconds} s:`, ...waiting.map((line) => `  ${line}`)].join('\n'));
    }
    if (Date.now() > nextTalk) {
      log(`${workloads.length - waiting.length} of ${workloads.length} workloads Ready; ${waiting[0] ?? ''}`);
      nextTalk = Date.now() + TALK_MS;
    }
    await sleep(LOOK_MS);
  }
}
