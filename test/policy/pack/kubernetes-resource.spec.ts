import assert from 'node:assert/strict';
import { kubernetesResources } from '../../../policy/pack/kubernetes-resource';

const type = 'kubernetes:apps/v1:Deployment';
const metadata = { name: 'web', namespace: 'shop' };
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata };

describe('the object of a resource', () => {
  it('lacks what is said to the provider only', () => {
    const annotations = { 'pulumi.com/autonamed': 'true', 'pulumi.com/skipAwait': 'true' };
    const [bare] = kubernetesResources({ type, props: { ...deployment, metadata: { ...metadata, annotations } } });
    assert.deepEqual(bare, { object: deployment, unknowns: [], isPatch: false, isAutonamed: true });

    const own = { team: 'a' };
    const props = { ...deployment, metadata: { ...metadata, annotations: { ...annotations, ...own } } };
    const object = { ...deployment, metadata: { ...metadata, annotations: own } };
    assert.deepEqual(kubernetesResources({ type, props })[0]?.object, object);
  });

  it('is the very same for the same content, in whatever order the fields come', () => {
    const [one] = kubernetesResources({ type, props: deployment });
    const [other] = kubernetesResources({ type, props: { metadata, kind: 'Deployment', apiVersion: 'apps/v1' } });
    assert.equal(one?.object, other?.object);
    assert.notEqual(kubernetesResources({ type: `${type}Patch`, props: deployment })[0]?.object, one?.object);
  });

  it('keeps metadata that is none for the rules', () => {
    const [resource] = kubernetesResources({ type, props: { ...deployment, metadata: { annotations: 5 } } });
    assert.deepEqual(resource?.object.metadata, { annotations: 5 });
  });
});
