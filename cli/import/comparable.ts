import { canonical, isMap } from '../../mesh/json';
import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { waiverPrefix } from '../../policy/engine-findings';

/** Lists that mean the same when they are empty and when they are absent. */
const emptyLists = ['exportTo', 'gateways', 'hosts', 'http', 'subsets', 'tcp', 'tls'];
const framedKinds = ['VirtualService', 'DestinationRule', 'Gateway'];

/**
 * An object as a string. Two objects have the same string when an API server would store them alike: empty labels, annotations and lists count as absent, and
 * waivers of Meshwright's rules are ignored.
 */
export function comparable(object: KubernetesObject): string {
  return canonical(parts(object));
}

/** {@link comparable}, ignoring the version of Istio's APIs: all versions serve the same fields. */
export function comparableInAnyVersion(object: KubernetesObject): string {
  const group = apiGroup(object.apiVersion);
  return canonical({ ...parts(object), ...(group.endsWith('.istio.io') ? { apiVersion: group } : {}) });
}

function parts({ metadata, spec, ...rest }: KubernetesObject): Record<string, unknown> {
  const { annotations, ...others } = metadata;
  const own = Object.entries(annotations ?? {}).filter(([key]) => !key.startsWith(waiverPrefix));
  const isFramed = apiGroup(rest.apiVersion) === 'networking.istio.io' && framedKinds.includes(rest.kind);
  return {
    ...rest,
    metadata: withoutEmpty({ ...others, annotations: Object.fromEntries(own) }),
    ...(spec === undefined ? {} : { spec: isFramed ? withoutEmpty(withSubsets(spec), emptyLists) : spec }),
  };
}

/** A subset without labels or with an empty map of labels selects all pods of the host. */
function withSubsets(spec: Record<string, unknown>): Record<string, unknown> {
  const { subsets } = spec;
  if (!Array.isArray(subsets)) return spec;
  return { ...spec, subsets: subsets.map((one: unknown) => (isMap(one) ? withoutEmpty(one, ['labels']) : one)) };
}

/** Drops fields that are undefined or null, and empty maps and lists: all of them, or only the named ones. */
function withoutEmpty(fields: Record<string, unknown>, names?: readonly string[]): Record<string, unknown> {
  const kept = Object.entries(fields).filter(([key, value]) => {
    if (value === undefined) return false;
    if (names !== undefined && !names.includes(key)) return true;
    const isEmpty = value === null || (Array.isArray(value) ? value.length === 0 : isMap(value) && isEmptyMap(value));
    return !isEmpty;
  });
  return Object.fromEntries(kept);
}

function isEmptyMap(value: Record<string, unknown>): boolean {
  return Object.keys(value).length === 0;
}
