import type { KubernetesObject } from '../../mesh/manifests/kubernetes';

const networking = (
  kind: string,
  name: string,
  spec: Record<string, unknown>,
  namespace: string,
): KubernetesObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind,
  metadata: { name, namespace },
  spec,
});

/** The VirtualService of a service whose versions get these weights. */
export function route(weights: Record<string, number>, service = 'reviews', namespace = 'bookinfo'): KubernetesObject {
  const places = Object.entries(weights).map(([subset, weight]) => ({
    destination: { host: service, subset },
    weight,
  }));
  return networking('VirtualService', service, { hosts: [service], http: [{ route: places }] }, namespace);
}

/** The DestinationRule of one version. */
export function rule(version: string, service = 'reviews', namespace = 'bookinfo'): KubernetesObject {
  const spec = { host: service, subsets: [{ name: version, labels: { version } }] };
  return networking('DestinationRule', `${service}.${version}`, spec, namespace);
}
