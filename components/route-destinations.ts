import type { KubernetesObject } from '../mesh/manifests/kubernetes';

interface Destination {
  destination?: { host?: string };
}

interface Rule {
  route?: Destination[];
  mirror?: { host?: string };
  mirrors?: Destination[];
}

/** Whether a VirtualService sends requests to one of the services of a namespace. */
export function sendsTo(virtualService: KubernetesObject, namespace: string, services: string[]): boolean {
  const {
    http = [],
    tls = [],
    tcp = [],
  } = (virtualService.spec ?? {}) as Record<'http' | 'tls' | 'tcp', Rule[] | undefined>;
  const hosts = [...http, ...tls, ...tcp].flatMap(({ route = [], mirror, mirrors = [] }) => [
    ...[...route, ...mirrors].map(({ destination }) => destination?.host),
    mirror?.host,
  ]);
  return hosts.some((host) => {
    const [service = '', hostNamespace = virtualService.metadata.namespace] = (host ?? '').split('.');
    return hostNamespace === namespace && services.includes(service);
  });
}
