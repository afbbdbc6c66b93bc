import assert from 'node:assert/strict';
import { kubernetesResources } from '../../../policy/pack/resource';

const type = 'kubernetes:apps/v1:Deployment';
const metadata = { name: 'web', namespace: 'shop' };
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata };

describe('the object of a resource', () => {
  it('leaves out annotations for the provider', () => {
    const annotations = { 'pulumi.com/autonamed': 'true', 'pulumi.com/skipAwait': 'true' };
    const [bare] = kubernetesResources({ type, props: { ...deployment, metadata: { ...metadata, annotations } } });
    assert.deepEqual(bare, { object: deployment, unknowns: [], isPatch: false, isAutonamed: true });

    const own = { team: 'a' };
    const props = { ...deployment, metadata: { ...metadata, annotations: { ...annotations, ...own } } };
    const object = { ...deployment, metadata: { ...metadata, annotations: own } };
    assert.deepEqual(kubernetesResources({ type, props })[0]?.object, object);
  });

  it('keeps metadata of the wrong type, which a rule reports', () => {
    const [resource] = kubernetesResources({ type, props: { ...deployment, metadata: { annotations: 5 } } });
    assert.deepEqual(resource?.object.metadata, { annotations: 5 });
  });
});
