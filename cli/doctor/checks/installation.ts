import { asNumber } from '../../../mesh/json';
import { type ClusterFacts, type Finding, known, UnknownFact } from '../facts';
import { controlPlanes, labelsOf, nameOf, namespaceOf, objectsOf, specOf, statusOf } from './objects';

/**
 * Oldest and newest minor version of Kubernetes 1.x that each minor version of Istio 1.x supports, and the last day of
 * its support where Istio states one. Source: istio.io, data/compatibility/supportStatus.yml, as of July 2026; 1.31 is its
 * row `master` of that day.
 */
const support: ReadonlyMap<number, { oldest: number; newest: number; endOfLife?: string }> = new Map([
  [31, { oldest: 32, newest: 36 }],
  [30, { oldest: 32, newest: 36 }],
  [29, { oldest: 31, newest: 35 }],
  [28, { oldest: 30, newest: 34, endOfLife: '2026-07-01' }],
  [27, { oldest: 29, newest: 33, endOfLife: '2026-04-07' }],
  [26, { oldest: 29, newest: 33, endOfLife: '2025-12-22' }],
]);
const source = 'https://istio.io/latest/docs/releases/supported-releases/';

/** Whether each installed Istio, or the stack file's if none is installed, supports the cluster's Kubernetes version. */
export function judgeVersions(facts: ClusterFacts): Finding[] {
  const minor = minorOf(known(facts.version));
  if (minor === undefined) throw new UnknownFact(`the API server calls itself ${known(facts.version)}`);
  const installed = controlPlanes(facts).map(({ name, namespace, version }) => ({
    where: `Deployment ${namespace}/${name}`,
    version,
  }));
  const judged = installed.length > 0 ? installed : [{ where: 'meshwright:istio.version', version: facts.wantedIstio }];
  return judged.flatMap(({ where, version }) => {
    if (version === undefined) {
      if (installed.length === 0) return [];
      throw new UnknownFact(`${where}: the tag of its image is not a version`);
    }
    return judgeVersion(where, version, minor, facts.now);
  });
}

function judgeVersion(where: string, version: string, kubernetes: number, now: Date): Finding[] {
  const row = support.get(minorOf(version) ?? -1);
  if (row === undefined)
    throw new UnknownFact(`Istio ${version} is not in the table of supported versions; see ${source}`);
  const { oldest, newest, endOfLife } = row;
  const found: Finding[] = [];
  if (kubernetes < oldest || kubernetes > newest)
    found.push({
      what: `Istio ${version} supports Kubernetes 1.${oldest} to 1.${newest}, and the cluster has 1.${kubernetes}`,
      where,
      fix: `${kubernetes > newest ? 'use a newer Istio' : 'use a newer Kubernetes, or an older Istio'}; see ${source}`,
    });
  if (endOfLife !== undefined && now > new Date(`${endOfLife}T23:59:59Z`))
    found.push({
      what: `Istio ${version} has had no security fixes since ${endOfLife}`,
      where,
      fix: 'raise meshwright:istio.version, one minor version at a time',
    });
  return found;
}

/** 34 of `v1.34.2`. */
function minorOf(version: string): number | undefined {
  const minor = /^v?1\.(\d+)\./.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** Every istiod has a ready pod. */
export function judgeControlPlane(facts: ClusterFacts): Finding[] {
  return objectsOf(facts, 'istiods')
    .filter((deployment) => (asNumber(specOf(deployment)['replicas']) ?? 1) > 0)
    .filter((deployment) => (asNumber(statusOf(deployment)['readyReplicas']) ?? 0) === 0)
    .map((deployment) => ({
      what: 'istiod has no ready pod: proxies keep their last configuration, and no pod gets a sidecar',
      where: `Deployment ${namespaceOf(deployment)}/${nameOf(deployment)}`,
      fix: `kubectl -n ${namespaceOf(deployment)} describe pod -l app=istiod`,
    }));
}

/** Helm releases whose last revision did not finish. */
export function judgeReleases(facts: ClusterFacts): Finding[] {
  const last = new Map<string, { version: number; status: string; secret: string; namespace: string; name: string }>();
  for (const secret of objectsOf(facts, 'helmSecrets')) {
    const { owner, name = '', status = '', version = '0' } = labelsOf(secret);
    if (owner !== 'helm') continue;
    const namespace = namespaceOf(secret);
    const key = `${namespace}/${name}`;
    if (Number(version) > (last.get(key)?.version ?? -1))
      last.set(key, { version: Number(version), status, secret: nameOf(secret), namespace, name });
  }
  return [...last.values()].flatMap(({ status, secret, namespace, name, version }) => {
    const where = `Helm release ${namespace}/${name}`;
    if (/^pending-|^uninstalling$/.test(status))
      return [
        {
          what: `revision ${version} is ${status}: the next update ends in "another operation is in progress"`,
          where,
          fix: `if no update runs now: kubectl -n ${namespace} delete secret ${secret}, then pulumi up --refresh`,
        },
      ];
    if (status === 'failed')
      return [
        {
          what: `revision ${version} has failed`,
          where,
          fix: `see why with helm -n ${namespace} history ${name}, then pulumi up --refresh`,
        },
      ];
    return [];
  });
}
