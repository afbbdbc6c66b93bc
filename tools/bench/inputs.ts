import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { StackSettings } from '../../mesh/manifests/settings';

/** Sizes from the command line, or else the bench's default sizes. */
export function sizesOr(usual: readonly number[]): readonly number[] {
  const given = process.argv
    .slice(2)
    .map(Number)
    .filter((size) => size > 0);
  return given.length > 0 ? given : usual;
}

/**
 * One service with two versions, in one of a hundred namespaces: a Service, a VirtualService, a DestinationRule and two Deployments.
 * @param share - percent of the requests that the second version gets
 */
export function serviceObjects(index: number, share = 10): KubernetesObject[] {
  const name = `service-${index}`;
  const metadata = { name, namespace: `team-${index % 100}` };
  const versions = ['v1', 'v2'];
  const labels = { app: name, version: 'v1' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: { app: name }, ports: [{ name: 'http', port: 8080, targetPort: 8080 }] },
    },
    ...versions.map((version) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { ...metadata, name: `${name}-${version}` },
      spec: {
        replicas: 2,
        selector: { matchLabels: { ...labels, version } },
        template: {
          metadata: { labels: { ...labels, version } },
          spec: { containers: [{ name: 'app', image: 'app:1', ports: [{ containerPort: 8080 }] }] },
        },
      },
    })),
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata,
      spec: { host: name, subsets: versions.map((version) => ({ name: version, labels: { version } })) },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata,
      spec: {
        hosts: [name],
        http: [
          {
            match: [{ headers: { 'end-user': { exact: 'jason' } } }],
            route: [{ destination: { host: name, subset: 'v2' } }],
          },
          {
            route: versions.map((version, at) => ({
              destination: { host: name, subset: version },
              weight: at === 0 ? 100 - share : share,
            })),
            timeout: '3s',
            retries: { attempts: 2, perTryTimeout: '1s' },
          },
        ],
      },
    },
  ];
}

const servicesPerNamespace = 25;

/**
 * A stack of services with two versions each: three routing objects for a service, and a namespace for 25 of them.
 * @param share - percent for the second version of the first service; all other second versions get 10
 */
export function stackOf(services: number, share: number): StackSettings {
  const names = Array.from({ length: services }, (_, index) => `service-${index}`);
  const spaces = [...new Set(names.map((_, index) => spaceOf(index)))];
  const routes = (space: string): [string, object][] =>
    names.flatMap((service, index) => {
      const weights = { v1: 'rest' as const, v2: index === 0 ? share : 10 };
      return spaceOf(index) === space ? [[service, { versions: ['v1', 'v2'], weights }]] : [];
    });
  return {
    namespaces: Object.fromEntries(spaces.map((name) => [name, { injection: true }])),
    routes: Object.fromEntries(spaces.map((name) => [name, Object.fromEntries(routes(name))])),
  };
}

function spaceOf(index: number): string {
  return `team-${Math.floor(index / servicesPerNamespace)}`;
}
