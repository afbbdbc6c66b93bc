import { isHostWithin } from '../../mesh/model/hosts';
import { lookUpHost, servicePlace } from '../../mesh/model/externals';
import type { MeshModel, MeshService } from '../../mesh/model/mesh-model';
import type { CheckOptions } from '../rule';

/**
 * What can be said of things outside the objects. A check often sees a part of the mesh only, so a name that is not among the objects counts as missing only
 * where the objects describe the place in which it would be; anywhere else nothing is known, and nothing is said.
 */

/** Whether the objects (or a promise that they are all there is) tell what lives in a namespace. */
export function describes(model: MeshModel, options: CheckOptions, namespace: string): boolean {
  return (
    options.complete === true ||
    model.workloads.inNamespace(namespace).length > 0 ||
    model.services.inNamespace(namespace).some(({ registry }) => registry === 'Kubernetes')
  );
}

/** Whether one of `declared` is `*`, is `namespace/name`, or is `namespace/*`. */
export function isDeclared(declared: readonly string[] | undefined, namespace: string, name: string): boolean {
  return (
    declared?.some((entry) => entry === '*' || entry === `${namespace}/*` || entry === `${namespace}/${name}`) === true
  );
}

/** Whether workloads of a namespace are declared; of these no labels are known, so any selector may be right. */
export function declaresWorkloads({ externals }: CheckOptions, namespace: string): boolean {
  return externals?.workloads?.some((entry) => entry === '*' || entry.startsWith(`${namespace}/`)) === true;
}

/** Namespaces that every cluster has. */
const builtIn = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Whether a namespace is known to be there: as an object, as the home of one, or by declaration. */
export function namespaceExists(model: MeshModel, options: CheckOptions, name: string): boolean {
  const declared = options.externals?.namespaces ?? [];
  return model.namespaces.has(name) || builtIn.includes(name) || declared.includes('*') || declared.includes(name);
}

/** Whether the objects tell which namespaces there are: at least one is among them. */
export function describesNamespaces(model: MeshModel, options: CheckOptions): boolean {
  return options.complete === true || model.objects.ofKind('Namespace').length > 0;
}

export type HostState =
  | { is: 'known'; service: MeshService }
  /** It exists, but its exportTo hides it from the namespace. */
  | { is: 'hidden'; service: MeshService }
  /** `sure` is false where another stack may well bring it. */
  | { is: 'missing'; sure: boolean; hint: string }
  /** Declared, or in a namespace that the objects do not describe. */
  | { is: 'undetermined' };

/** What is known of a host that an object of a namespace names. */
export function hostState(model: MeshModel, options: CheckOptions, written: string, namespace: string): HostState {
  const found = lookUpHost(model, written, namespace);
  if (found.is === 'known' || found.is === 'hidden') return found;
  const host = model.resolveHost(written, namespace);
  const place = servicePlace(host, model.config.domain);
  if (found.is === 'missing') {
    if (found.because === 'shortName') {
      const [name = '', owner = ''] = host.split('.');
      const fqdn = `${name}.${owner}.svc.${model.config.domain}`;
      return { is: 'missing', sure: true, hint: `a host with a dot is not completed; write "${fqdn}"` };
    }
    return { is: 'missing', sure: true, hint: place === undefined ? entryHint : nearestHint(model, place) };
  }
  if (place !== undefined || isExternalHost(options, host)) return { is: 'undetermined' };
  return model.objects.ofKind('ServiceEntry').length > 0 || describes(model, options, namespace)
    ? { is: 'missing', sure: false, hint: entryHint }
    : { is: 'undetermined' };
}

const entryHint = 'add a ServiceEntry for it, or declare it in externals.hosts';

export function isExternalHost(options: CheckOptions, host: string): boolean {
  return options.externals?.hosts?.some((declared) => isHostWithin(host, declared)) === true;
}

function nearestHint(model: MeshModel, { namespace }: { namespace: string }): string {
  const names = model.services
    .inNamespace(namespace)
    .flatMap(({ registry, name }) => (registry === 'Kubernetes' ? [name] : []));
  const list = [...names].sort();
  if (list.length === 0) return `namespace ${namespace} has no Service; add it, or declare the host in externals.hosts`;
  const shown = list.slice(0, 8).join(', ');
  const more = list.length > 8 ? ` and ${list.length - 8} more` : '';
  return `Services of namespace ${namespace}: ${shown}${more}; name one of them, add the Service, or declare the host in externals.hosts`;
}

export { servicePlace };
