import { TRIAL_NAMESPACE } from '../apply/trial';
import { kubectl } from '../kubectl';
import type { KubectlTarget } from '../kubectl';

const REGION = 'lab';

/** A node of which kwok says that it is Ready. Each has a zone of its own, so that locality has something to see. */
function node(zone: string): object {
  const name = `lab-node-${zone}`;
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake', 'node.alpha.kubernetes.io/ttl': '0' },
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

/** Where deployment tries objects whose own namespace does not exist yet. Nothing is ever kept in it. */
const trialNamespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: TRIAL_NAMESPACE } };

/** Registers the lab's nodes and its trial namespace; what is there already stays as it is. */
export async function ensureNodes(target: KubectlTarget): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: [trialNamespace, ...['a', 'b'].map(node)] };
  const args = ['apply', '--server-side', '--force-conflicts', '--field-manager=meshwright-lab', '-f', '-'];
  await kubectl(target, args, JSON.stringify(list));
  await kubectl(target, ['wait', 'node', '-l', 'type=kwok', '--for=condition=Ready', '--timeout=60s']);
}
