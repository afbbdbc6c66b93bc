/** What a new cluster gets before anybody uses it: nodes, a trial namespace, Istio's CRDs. */
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { ApiServer } from '../api';
import { awaitKinds } from '../apply/await-kinds';
import { liveObjects } from '../apply/live';
import { serverSideApply } from '../apply/server-side';
import { TRIAL_NAMESPACE } from '../apply/trial';
import { awaitReady } from '../apply/wait';
import { pinnedVersion } from '../binaries';
import type { Lab, Log } from '../types';
import { areCurrent, ISTIO_API, lastCrd, pinnedCrds } from './istio-crds';
import { nodes } from './nodes';

/** Field manager of what the lab itself brings. */
const MANAGER = 'meshwright-lab';

/** Where deployment tries objects whose own namespace does not exist yet. Nothing is ever kept in it. */
const trialNamespace: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: TRIAL_NAMESPACE } };

/** Brings what is missing, and returns when nodes are Ready and Istio's kinds are known. CRDs of somebody else stay as they are. */
export async function prepareCluster(lab: Pick<Lab, 'kubeconfig'>, log: Log): Promise<void> {
  const api = ApiServer.of(lab);
  const basics = [trialNamespace, ...nodes];
  if ((await liveObjects(api, basics)).length < basics.length) await serverSideApply(api, basics, MANAGER, log);
  await awaitReady(api, nodes, { log, timeoutSeconds: 60 });
  const version = await pinnedVersion(ISTIO_API);
  if (areCurrent(await api.get(lastCrd), version)) return;
  const crds = await pinnedCrds(version);
  await serverSideApply(api, crds, MANAGER, log);
  await awaitKinds(api, crds, log);
  log(`lab: ${crds.length} Istio CRDs installed (${ISTIO_API} ${version})`);
}
