import assert from 'node:assert/strict';
import type { LiveObject } from '../../lab/api';
import { unreadiness } from '../../lab/apply/readiness';

function live(kind: string, spec: object, status: object, generation = 1): LiveObject {
  const apiVersion = kind === 'Pod' || kind === 'Node' ? 'v1' : 'apps/v1';
  return { apiVersion, kind, metadata: { name: 'x', generation }, spec: { ...spec }, status: { ...status } };
}

const rolledOut = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 };

describe('unreadiness', () => {
  const cases: [string, LiveObject, string | undefined][] = [
    ['a rolled out Deployment', live('Deployment', { replicas: 2 }, rolledOut), undefined],
    ['a Deployment scaled to nothing', live('Deployment', { replicas: 0 }, { observedGeneration: 1 }), undefined],
    [
      'a Deployment nobody has seen',
      live('Deployment', { replicas: 2 }, rolledOut, 2),
      'its controller has not seen it yet',
    ],
    ['a Deployment without status', live('Deployment', {}, {}), 'its controller has not seen it yet'],
    [
      'a Deployment whose new Pods are not available',
      live('Deployment', { replicas: 2 }, { ...rolledOut, availableReplicas: 1 }),
      '1 of 2 replicas Ready',
    ],
    [
      'a Deployment that still has old Pods',
      live('Deployment', { replicas: 2 }, { ...rolledOut, replicas: 3 }),
      '1 old replicas still run',
    ],
    [
      'a Deployment that may not create Pods',
      live(
        'Deployment',
        { replicas: 1 },
        {
          observedGeneration: 1,
          conditions: [
            { type: 'Progressing', status: 'True', message: 'fine' },
            { type: 'ReplicaFailure', status: 'True', message: 'pods are forbidden' },
          ],
        },
      ),
      '0 of 1 replicas Ready: pods are forbidden',
    ],
    ['a StatefulSet', live('StatefulSet', { replicas: 2 }, rolledOut), undefined],
    ['an unready StatefulSet', live('StatefulSet', { replicas: 3 }, rolledOut), '2 of 3 replicas Ready'],
    [
      'a DaemonSet',
      live(
        'DaemonSet',
        {},
        { observedGeneration: 1, desiredNumberScheduled: 2, numberReady: 2, updatedNumberScheduled: 2 },
      ),
      undefined,
    ],
    [
      'an unready DaemonSet',
      live(
        'DaemonSet',
        {},
        { observedGeneration: 1, desiredNumberScheduled: 2, numberReady: 1, updatedNumberScheduled: 2 },
      ),
      '1 of 2 Pods Ready',
    ],
    ['a Pod', live('Pod', {}, { conditions: [{ type: 'Ready', status: 'True' }] }), undefined],
    ['a Node', live('Node', {}, { conditions: [{ type: 'Ready', status: 'True' }] }), undefined],
    [
      'a Node without a kubelet',
      live('Node', {}, { conditions: [{ type: 'Ready', status: 'False', message: 'kubelet stopped' }] }),
      'not Ready: kubelet stopped',
    ],
    ['a Pod that is done', live('Pod', {}, { phase: 'Succeeded' }), undefined],
    [
      'a Pod no node takes',
      live(
        'Pod',
        {},
        { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', message: 'no nodes' }] },
      ),
      'Pending: no nodes',
    ],
  ];
  for (const [what, object, expected] of cases) {
    it(`${expected === undefined ? 'is none for' : 'is told for'} ${what}`, () => {
      assert.equal(unreadiness(object), expected);
    });
  }
});
