import { type ClusterFacts, type Finding, known } from '../facts';
import { labelsOf, nameOf, namespaceOf, objectsOf } from './objects';

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

/** Rights that an update of the stack needs, and that the user does not have. */
export function judgeRights(facts: ClusterFacts): Finding[] {
  const denied = new Map<string, { resource: string; namespace: string | undefined; verbs: string[] }>();
  for (const { verb, resource, namespace, allowed } of known(facts.rights)) {
    if (allowed) continue;
    const key = `${resource} ${namespace ?? ''}`;
    denied.set(key, { resource, namespace, verbs: [...(denied.get(key)?.verbs ?? []), verb] });
  }
  return [...denied.values()].map(({ resource, namespace, verbs }) => ({
    what: `no right to ${verbs.join(', ')} ${resource}`,
    where: namespace === undefined ? 'the cluster' : `Namespace ${namespace}`,
    fix: `bind a ${namespace === undefined ? 'ClusterRole' : 'Role'} with these verbs to the user of the context: docs/your-cluster.md#rights`,
  }));
}
