import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';

/** A node of which kwok says that it is Ready. Like kind's, nodes have no zones: with some, outlier detection would keep requests in the sender's. */
function node(letter: string): KubernetesObject {
  const name = `lab-node-${letter}`;
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
      },
    },
  };
}

/** The nodes of a lab. */
export const nodes: readonly KubernetesObject[] = ['a', 'b'].map(node);
