import { createHash } from 'node:crypto';
import type { KubernetesObject } from '../../components/manifests/kubernetes';

/*
 * Kubernetes' ApplySet specification (KEP-3659): members carry a label with the identity of a parent object, and the parent lists
 * in which kinds and namespaces members are to be looked for. The parent is of a kind of ours, because only a cluster-scoped one
 * can have members in several namespaces.
 */

/** The parents' kind. */
const GROUP = 'meshwright.io';
const KIND = 'Environment';
const PARENT_RESOURCE = `environments.${GROUP}`;
export const PARENT_GROUP_KIND = `${KIND}.${GROUP}`;

/** On each member: the identity of its set. */
export const PART_OF_LABEL = 'applyset.kubernetes.io/part-of';

/** On each parent: the identity of its set. */
export const ID_LABEL = 'applyset.kubernetes.io/id';

/** The manager as which kubectl itself writes parents. */
export const PARENT_MANAGER = 'kubectl-applyset';

const GROUP_KINDS = 'applyset.kubernetes.io/contains-group-kinds';
const NAMESPACES = 'applyset.kubernetes.io/additional-namespaces';

/** Where members of a set may be. */
export interface SetContents {
  /** As `Kind.group`, or `Kind` of the core group. */
  readonly groupKinds: readonly string[];
  readonly namespaces: readonly string[];
}

/** The kind of the parents. It has no fields: all it tells is in labels and annotations. */
export const parentDefinition: KubernetesObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: PARENT_RESOURCE, labels: { 'applyset.kubernetes.io/is-parent-type': 'true' } },
  spec: {
    group: GROUP,
    scope: 'Cluster',
    names: { kind: KIND, plural: 'environments', singular: 'environment' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The parent's name for a set: its own where Kubernetes takes it, else a legal one that no other set has. */
export function parentName(set: string): string {
  if (/^[a-z0-9]([a-z0-9-]{0,51}[a-z0-9])?$/.test(set)) return set;
  const legal = set
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return `${legal === '' ? 'set' : legal}.${digest(set).toString('hex').slice(0, 10)}`;
}

/** The identity of a set: the value of its members' label. */
export function setId(set: string): string {
  const identity = [parentName(set), '', KIND, GROUP].join('.');
  return `applyset-${digest(identity).toString('base64url')}-v1`;
}

/** The parent of a set, without a version of kubectl: kubectl only asks whether it was kubectl. */
export function parentObject(set: string, { groupKinds, namespaces }: SetContents): KubernetesObject {
  const list = (entries: readonly string[]) => [...new Set(entries)].sort().join(',');
  return {
    apiVersion: `${GROUP}/v1`,
    kind: KIND,
    metadata: {
      name: parentName(set),
      labels: { [ID_LABEL]: setId(set) },
      annotations: {
        'applyset.kubernetes.io/tooling': 'kubectl/v1.27',
        [GROUP_KINDS]: list(groupKinds),
        [NAMESPACES]: list(namespaces),
      },
    },
  };
}

/** Where a parent says that members are. */
export function contentsOf(parent: KubernetesObject): SetContents {
  const list = (key: string) => (parent.metadata.annotations?.[key] ?? '').split(',').filter((entry) => entry !== '');
  return { groupKinds: list(GROUP_KINDS), namespaces: list(NAMESPACES) };
}
