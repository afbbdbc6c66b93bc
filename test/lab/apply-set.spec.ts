import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { groupKind } from '../../lab/api';
import { contentsOf, parentName, parentObject, setId } from '../../lab/apply/apply-set';

describe('ApplySet', () => {
  it('has the identity that the specification computes from the parent', () => {
    const hash = createHash('sha256').update('dev..Environment.meshwright.io').digest('base64url');
    assert.equal(setId('dev'), `applyset-${hash}-v1`);
  });

  it('gives sets whose names Kubernetes does not take legal parents of their own', () => {
    const names = ['dev', 'Dev', 'dev_', 'dev.', '-', 'x'.repeat(200), `${'x'.repeat(199)}y`];
    const parents = names.map(parentName);
    for (const parent of parents) assert.match(parent, /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/);
    assert.equal(new Set(parents).size, names.length);
    assert.equal(parents[0], 'dev');
  });

  it('reads back where members are from what it writes, sorted and once each', () => {
    const parent = parentObject('dev', {
      groupKinds: ['Service', 'VirtualService.networking.istio.io', 'Service'],
      namespaces: ['b', 'a', 'b'],
    });
    assert.deepEqual(parent, {
      apiVersion: 'meshwright.io/v1',
      kind: 'Environment',
      metadata: {
        name: 'dev',
        labels: { 'applyset.kubernetes.io/id': setId('dev') },
        annotations: {
          'applyset.kubernetes.io/tooling': 'kubectl/v1.27',
          'applyset.kubernetes.io/contains-group-kinds': 'Service,VirtualService.networking.istio.io',
          'applyset.kubernetes.io/additional-namespaces': 'a,b',
        },
      },
    });
    assert.deepEqual(contentsOf(parent), {
      groupKinds: ['Service', 'VirtualService.networking.istio.io'],
      namespaces: ['a', 'b'],
    });
  });

  it('reads a parent of an empty set', () => {
    assert.deepEqual(contentsOf(parentObject('dev', { groupKinds: [], namespaces: [] })), {
      groupKinds: [],
      namespaces: [],
    });
  });

  it('names kinds of the core group without a group', () => {
    assert.equal(groupKind({ apiVersion: 'v1', kind: 'Service' }), 'Service');
    assert.equal(groupKind({ apiVersion: 'apps/v1', kind: 'Deployment' }), 'Deployment.apps');
  });
});
