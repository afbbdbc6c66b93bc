/** What a new cluster gets before anybody uses it: nodes, a trial namespace, Istio's CRDs. */
import { objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { liveObjects } from '../apply/live';
import { serverSideApply } from '../apply/server-side';
import { TRIAL_NAMESPACE } from '../apply/trial';
import { pinnedVersion } from '../binaries';
import { RefusedError } from '../errors';
import { kubectl } from '../kubectl';
import type { KubectlTarget } from '../kubectl';
import type { Log } from '../types';
import { areCurrent, ISTIO_API, lastCrd, pinnedCrds } from './istio-crds';
import { nodes } from './nodes';

/** Field manager of what the lab itself brings. */
const MANAGER = 'meshwright-lab';

/** Where deployment tries objects whose own namespace does not exist yet. Nothing is ever kept in it. */
const trialNamespace: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: TRIAL_NAMESPACE } };

async function apply(target: KubectlTarget, objects: readonly KubernetesObject[]): Promise<void> {
  const { refusals } = await serverSideApply(target, objects, { manager: MANAGER });
  if (refusals.length === 0) return;
  throw new RefusedError(refusals.map(({ object, message }) => ({ id: objectTitle(object), message })));
}

async function wait(target: KubectlTarget, condition: string, objects: readonly KubernetesObject[]): Promise<void> {
  const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  await kubectl(target, ['wait', `--for=condition=${condition}`, '--timeout=60s', ...names]);
}

/** Brings what is missing, and returns when nodes are Ready and Istio's kinds are known. CRDs of somebody else stay as they are. */
export async function prepareCluster(target: KubectlTarget, log: Log): Promise<void> {
  const basics = [trialNamespace, ...nodes];
  const live = await liveObjects(target, [...basics, lastCrd]);
  const crd = live.find(({ kind }) => kind === lastCrd.kind);
  if (live.filter((object) => object !== crd).length < basics.length) await apply(target, basics);
  await wait(target, 'Ready', nodes);
  const version = await pinnedVersion(ISTIO_API);
  if (areCurrent(crd, version)) return;
  const crds = await pinnedCrds(version);
  await apply(target, crds);
  await wait(target, 'Established', crds);
  log(`lab: ${crds.length} Istio CRDs installed (${ISTIO_API} ${version})`);
}
