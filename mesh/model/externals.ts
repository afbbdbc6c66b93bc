import { resolveGateway } from './gateways';
import { isHostWithin, isWildcard } from './hosts';
import { asMap, asName } from '../json';
import type { MeshGateway, MeshModel, MeshService } from './mesh-model';

/**
 * Looks up names among the objects and the declared externals. The input is often only a part of the mesh, so a name
 * that is not in it is missing if the input describes its place, and unknown otherwise.
 */

/** Whether the input shows which Services and workloads a namespace has: it is complete, or has some of them. */
export function isDescribed(model: MeshModel, namespace: string): boolean {
  return (
    model.complete ||
    model.workloads.inNamespace(namespace).length > 0 ||
    model.services.inNamespace(namespace).some(({ registry }) => registry === 'Kubernetes')
  );
}

/** Whether workloads of a namespace are declared. Their labels are not known, so any selector may match them. */
export function declaresWorkloads(model: MeshModel, namespace: string): boolean {
  return model.externals.workloads?.some((entry) => entry === '*' || entry.startsWith(`${namespace}/`)) === true;
}

/** Whether the input shows which workloads a namespace has, with their labels. */
export function describesWorkloads(model: MeshModel, namespace: string): boolean {
  if (declaresWorkloads(model, namespace)) return false;
  return model.complete || model.workloads.inNamespace(namespace).length > 0;
}

/** Whether a list of externals has `namespace/name`, `namespace/*` or `*`. */
export function isDeclared(declared: readonly string[] | undefined, namespace: string, name: string): boolean {
  return (
    declared?.some((entry) => entry === '*' || entry === `${namespace}/*` || entry === `${namespace}/${name}`) === true
  );
}

export type HostLookup =
  | { is: 'known'; service: MeshService }
  /** The service exists, but its exportTo hides it from the namespace. */
  | { is: 'hidden'; service: MeshService }
  /**
   * `complete`: the input is all there is. `namespace`: the input describes the namespace of the Service. `shortName`: hosts with a dot are taken as they are
   * written, so `reviews.shop` is not the Service `reviews` of namespace `shop`.
   */
  | { is: 'missing'; because: 'complete' | 'namespace' | 'shortName' }
  | { is: 'unknown' };

/** Looks up a host that an object of a namespace names. */
export function lookUpHost(model: MeshModel, written: string, namespace: string): HostLookup {
  const host = model.resolveHost(written, namespace);
  const service = model.services.covering(host, namespace);
  if (service !== undefined) return { is: 'known', service };
  const [hidden] = model.services.withHost(host);
  if (hidden !== undefined) return { is: 'hidden', service: hidden };
  if (isDeclaredHost(model, host)) return { is: 'unknown' };
  const place = servicePlace(host, model.config.domain);
  if (place !== undefined && isMadeByController(model, place)) return { is: 'unknown' };
  if (model.complete) return { is: 'missing', because: 'complete' };
  if (place !== undefined) {
    return isDescribed(model, place.namespace) ? { is: 'missing', because: 'namespace' } : { is: 'unknown' };
  }
  const [name = '', owner = '', ...rest] = host.split('.');
  const isShort = rest.length === 0 || (rest.length === 1 && rest[0] === 'svc');
  const meant = model.services.withHost(`${name}.${owner}.svc.${model.config.domain}`);
  return isShort && meant.length > 0 ? { is: 'missing', because: 'shortName' } : { is: 'unknown' };
}

export function isDeclaredHost(model: MeshModel, host: string): boolean {
  return model.externals.hosts?.some((declared) => isHostWithin(host, declared)) === true;
}

/** Namespace and name of the Service that an FQDN names; undefined for a host outside the cluster's domain. */
export function servicePlace(host: string, domain: string): { name: string; namespace: string } | undefined {
  const suffix = `.svc.${domain}`;
  if (!host.endsWith(suffix)) return undefined;
  const [name, namespace, ...rest] = host.slice(0, -suffix.length).split('.');
  if (name === undefined || namespace === undefined || rest.length > 0 || isWildcard(name)) return undefined;
  return { name, namespace };
}

/**
 * Whether a controller creates this Service, so that it is in no manifest: a Gateway of the Gateway API gets `<name>`
 * or `<name>-<class>`, a Canary of Flagger `<name>`, `<name>-primary` and `<name>-canary`.
 */
function isMadeByController(model: MeshModel, { name, namespace }: { name: string; namespace: string }): boolean {
  const gateways = model.objects.ofGroupKind('gateway.networking.k8s.io', 'Gateway').flatMap((gateway) => {
    const className = asName(gateway.spec['gatewayClassName']) ?? '';
    return gateway.namespace === namespace ? [gateway.name, `${gateway.name}-${className}`] : [];
  });
  const canaries = model.objects.ofGroupKind('flagger.app', 'Canary').flatMap((canary) => {
    const base = asName(asMap(canary.spec['service'])['name']) ?? asName(asMap(canary.spec['targetRef'])['name']) ?? '';
    return canary.namespace === namespace ? [base, `${base}-primary`, `${base}-canary`] : [];
  });
  return [...gateways, ...canaries].includes(name);
}

export type GatewayLookup = { is: 'known'; gateway: MeshGateway } | { is: 'mesh' | 'missing' | 'unknown' };

/** Looks up an Istio Gateway that an object of a namespace names. */
export function lookUpGateway(model: MeshModel, reference: string, fromNamespace: string): GatewayLookup {
  const id = resolveGateway(reference, fromNamespace);
  if (id === 'mesh') return { is: 'mesh' };
  const gateway = model.gateways.resolve(reference, fromNamespace);
  if (gateway !== undefined) return { is: 'known', gateway };
  const slash = id.indexOf('/');
  if (isDeclared(model.externals.gateways, id.slice(0, slash), id.slice(slash + 1))) return { is: 'unknown' };
  return { is: model.complete ? 'missing' : 'unknown' };
}

/** Namespaces that every cluster has. */
const builtIn = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Whether a namespace exists: as an object, as the namespace of another object, or by declaration. */
export function namespaceExists(model: MeshModel, name: string): boolean {
  const declared = model.externals.namespaces ?? [];
  return model.namespaces.has(name) || builtIn.includes(name) || declared.includes('*') || declared.includes(name);
}

/**
 * Whether the input shows which namespaces exist: it is complete, or has some. Otherwise a namespace that is not in the
 * input is unknown.
 */
export function describesNamespaces(model: MeshModel): boolean {
  return model.complete || model.objects.ofKind('Namespace').length > 0;
}
