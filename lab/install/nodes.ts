import type { KubernetesObject } from '../../components/manifests/kubernetes';

const REGION = 'lab';

/** A node of which kwok says that it is Ready. Each has a zone of its own, so that locality has something to see. */
function node(zone: string): KubernetesObject {
  const name = `lab-node-${zone}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        type: 'kwok',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/region': REGION,
        'topology.kubernetes.io/zone': `${REGION}-${zone}`,
      },
    },
  };
}

/** The nodes of a lab. */
export const nodes: readonly KubernetesObject[] = ['a', 'b'].map(node);
