import type { KubernetesObject } from '../../../components/manifests/kubernetes';
import type { PlacedPod } from './stub-servers';

interface PodShape {
  metadata?: { labels?: Record<string, string> };
  spec: { containers: { env?: { name: string; value?: string }[] }[] };
}

/** A pod of a state, with its namespace. */
export interface StagePod extends PlacedPod {
  namespace: string;
}

const addresses = new Map<string, string>();

/** The same address for a pod for as long as the tests run, each pod its own. */
function addressOf(pod: string): string {
  const known = addresses.get(pod);
  if (known !== undefined) return known;
  const number = addresses.size + 1;
  const address = `127.50.${Math.floor(number / 250)}.${(number % 250) + 1}`;
  addresses.set(pod, address);
  return address;
}

/** The pods that the workloads of these objects come to, each at the ports of the Services that select it. */
export function podsOf(objects: readonly KubernetesObject[]): StagePod[] {
  return objects.flatMap((object) => {
    const { kind, metadata, spec = {} } = object;
    const { name, namespace = 'default' } = metadata;
    if (kind === 'Pod') return pod(objects, namespace, name, { metadata, spec } as unknown as PodShape);
    if (kind !== 'Deployment') return [];
    const { replicas = 1, template } = spec as { replicas?: number; template: PodShape };
    return Array.from({ length: replicas }, (_, index) => pod(objects, namespace, `${name}-${index}`, template)).flat();
  });
}

function pod(objects: readonly KubernetesObject[], namespace: string, name: string, shape: PodShape): StagePod[] {
  const labels = shape.metadata?.labels ?? {};
  const ports = new Set(objects.flatMap((service) => targetPorts(service, namespace, labels)));
  if (ports.size === 0) return [];
  const env = (shape.spec.containers[0]?.env ?? []).flatMap((variable): [string, string][] =>
    variable.value === undefined ? [] : [[variable.name, variable.value]],
  );
  return [
    {
      namespace,
      name,
      labels,
      env: Object.fromEntries(env),
      address: addressOf(`${namespace}/${name}`),
      ports: [...ports],
    },
  ];
}

function targetPorts(service: KubernetesObject, namespace: string, labels: Record<string, string>): number[] {
  if (service.kind !== 'Service' || service.metadata.namespace !== namespace) return [];
  const { selector = {}, ports = [] } = service.spec as {
    selector?: Record<string, string>;
    ports?: { port: number; targetPort?: number }[];
  };
  const selected = Object.entries(selector).every(([label, value]) => labels[label] === value);
  return selected ? ports.map(({ port, targetPort }) => targetPort ?? port) : [];
}

/** A pod as istiod takes it into a Service where there is no kubelet, and where pods have addresses that Kubernetes would refuse. */
export function workloadEntry({ namespace, name, labels, address }: StagePod): KubernetesObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'WorkloadEntry',
    metadata: { name, namespace },
    spec: { address, labels },
  };
}
