import { apiGroup } from '../../mesh/manifests/kubernetes';
import { groupKind, type Kinds } from '../../cluster/api';
import { type ClusterFacts, type Finding, known, type StackFacts } from './facts';

/** A right to ask the API server for. */
export interface NeededRight {
  verb: string;
  group: string;
  /** With a subresource, as in `pods/portforward`. */
  resource: string;
  /** Undefined for a cluster-scoped resource. */
  namespace: string | undefined;
}

const verbs = ['get', 'create', 'patch', 'delete'];

/** Kinds that Istio's charts and those of addons bring, besides the Secrets in which Helm keeps its releases. */
const chartKinds = [
  ['apiextensions.k8s.io', 'customresourcedefinitions'],
  ['rbac.authorization.k8s.io', 'clusterroles'],
  ['rbac.authorization.k8s.io', 'clusterrolebindings'],
  ['admissionregistration.k8s.io', 'mutatingwebhookconfigurations'],
  ['admissionregistration.k8s.io', 'validatingwebhookconfigurations'],
] as const;

/** What Helm writes for a release with pods. */
const releaseKinds = [
  ['', 'secrets'],
  ['', 'services'],
  ['', 'serviceaccounts'],
  ['', 'configmaps'],
  ['apps', 'deployments'],
] as const;

/** The rights that an update of the stack needs. */
export function neededRights({ releases, objects, asked }: StackFacts, kinds: Kinds): NeededRight[] {
  const places = new Map<string, Omit<NeededRight, 'verb'>>();
  const need = (group: string, resource: string, namespace: string | undefined): void => {
    places.set(`${group}/${resource} ${namespace ?? ''}`, { group, resource, namespace });
  };
  for (const { apiVersion, kind, metadata } of objects) {
    const served = kinds.get(groupKind({ apiVersion, kind }));
    // Before Istio is installed, the API server does not know Istio's kinds. Their plurals are regular, also those in -ies.
    const plural = served?.plural ?? kind.toLowerCase().replace(/y$/, 'ie').replace(/$/, 's');
    need(apiGroup(apiVersion), plural, served?.namespaced === false ? undefined : metadata.namespace);
  }
  for (const { namespace, bringsClusterObjects } of releases) {
    for (const [group, resource] of releaseKinds) need(group, resource, namespace);
    if (bringsClusterObjects) for (const [group, resource] of chartKinds) need(group, resource, undefined);
  }
  const waiting = asked.flatMap((namespace) => [
    { verb: 'list', group: '', resource: 'pods', namespace },
    { verb: 'create', group: '', resource: 'pods/portforward', namespace },
  ]);
  return [...[...places.values()].flatMap((place) => verbs.map((verb) => ({ verb, ...place }))), ...waiting];
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
