import type { KubernetesObject } from '../kubernetes';
import type { Rendered } from '../rendered';
import type { CertManagerSettings } from './settings';

/** Name of the ClusterIssuer that certificates use unless they name one. */
export function clusterIssuerName(settings: CertManagerSettings | undefined): string {
  return settings?.issuer?.name ?? 'selfsigned';
}

export function certManagerNamespace(settings: CertManagerSettings): string {
  return settings.namespace ?? 'cert-manager';
}

export function clusterIssuer(settings: CertManagerSettings): Rendered {
  const object: KubernetesObject = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name: clusterIssuerName(settings) },
    spec: settings.issuer?.spec ?? { selfSigned: {} },
  };
  return { object, origin: 'meshwright:addons.certManager.issuer' };
}
