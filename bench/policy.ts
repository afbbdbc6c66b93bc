import type { KubernetesObject } from '../components/manifests/kubernetes';
import { check } from '../policy/check';

/**
 * What a check costs, and how the cost grows: `node -r ts-node/register/transpile-only bench/policy.ts [objects…]`. Processor time, the best of several runs, for meshes of a
 * Service, a VirtualService, a DestinationRule and two Deployments per service.
 */
const perService = 5;
const runs = 3;
const sizes = process.argv
  .slice(2)
  .map(Number)
  .filter((size) => size > 0);

interface Measured {
  objects: number;
  milliseconds: number;
}

const measured = (sizes.length > 0 ? sizes : [500, 2000, 8000, 10000]).map(measure);
let before: Measured | undefined;
for (const one of measured) {
  const growth =
    before === undefined
      ? ''
      : `, ${ratio(one, before)} the cost for ${(one.objects / before.objects).toFixed(1)} times the objects`;
  const megabytes = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(
    `${one.objects} objects: ${Math.round(one.milliseconds)} ms, ${(one.milliseconds / one.objects).toFixed(3)} ms each${growth}; ${megabytes} MB in all`,
  );
  before = one;
}

function measure(objects: number): Measured {
  const mesh = Array.from({ length: Math.ceil(objects / perService) }, (_, index) => service(index)).flat();
  const times = Array.from({ length: runs }, () => {
    // A fresh copy: what is remembered about an object must not make the second run cheaper.
    const given = structuredClone(mesh);
    const start = process.cpuUsage();
    const findings = check(given);
    if (findings.length > 0) throw new Error(`the mesh should be sound: ${JSON.stringify(findings[0])}`);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return { objects: mesh.length, milliseconds: Math.min(...times) };
}

function ratio(one: Measured, other: Measured): string {
  return `${(one.milliseconds / other.milliseconds).toFixed(1)} times`;
}

/** One service with two versions, in one of a hundred namespaces. */
function service(index: number): KubernetesObject[] {
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
              weight: at === 0 ? 90 : 10,
            })),
            timeout: '3s',
            retries: { attempts: 2, perTryTimeout: '1s' },
          },
        ],
      },
    },
  ];
}
