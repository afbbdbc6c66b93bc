import { isDeclaredHost, isDescribed, lookUpHost, servicePlace } from '../../mesh/model/externals';
import type { MeshModel, MeshService } from '../../mesh/model/mesh-model';

/**
 * What is known about names outside the input. A check often sees only a part of the mesh, so a name counts as missing
 * only if the input describes the place where it would be. Otherwise nothing is reported.
 */

export type HostState =
  | { is: 'known'; service: MeshService }
  /** It exists, but its exportTo hides it from the namespace. */
  | { is: 'hidden'; service: MeshService }
  /** `sure` is false where another stack may well bring it. */
  | { is: 'missing'; sure: boolean; hint: string }
  /** Declared, or in a namespace that the objects do not describe. */
  | { is: 'undetermined' };

/** What is known about a host that an object of a namespace names. */
export function hostState(model: MeshModel, written: string, namespace: string): HostState {
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
  if (place !== undefined || isDeclaredHost(model, host)) return { is: 'undetermined' };
  return model.objects.ofKind('ServiceEntry').length > 0 || isDescribed(model, namespace)
    ? { is: 'missing', sure: false, hint: entryHint }
    : { is: 'undetermined' };
}

const entryHint = 'add a ServiceEntry for it, or declare it in externals.hosts';

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
