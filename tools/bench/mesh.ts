import type { KubernetesObject } from '../../mesh/manifests/kubernetes';

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
