import assert from 'node:assert/strict';
import { App, Bookinfo, type AppArgs } from '../../components';
import { appObjects } from '../../mesh/manifests/apps/app';
import { registrations, type Registration } from './support/registrations';

describe('Bookinfo', () => {
  it('registers ServiceAccounts, then Services and workloads', async () => {
    const [component, ...children] = await registrations(() => new Bookinfo('shop', { namespace: 'bookinfo' }));
    assert.deepEqual(component, {
      type: 'meshwright:index:Bookinfo',
      name: 'shop',
      inputs: {},
      dependsOn: [],
      options: {},
      outputs: { namespace: 'bookinfo', services: ['details', 'ratings', 'reviews', 'productpage'] },
    });
    const accounts = ['details', 'productpage', 'ratings', 'reviews'].map((name) => `shop-bookinfo-${name}`);
    const expected = appObjects('shop', { app: 'bookinfo', namespace: 'bookinfo' }, {}).map((object): Registration => {
      const { apiVersion, kind, metadata } = object.object;
      return {
        type: `kubernetes:${apiVersion === 'v1' ? 'core/v1' : apiVersion}:${kind}`,
        name: `shop-${metadata.name}`,
        parent: 'shop',
        inputs: object.object,
        dependsOn: kind === 'ServiceAccount' ? [] : accounts,
        options: {},
      };
    });
    assert.deepEqual(byName(children), byName(expected));
    assert.equal(children.filter(({ type }) => type === 'kubernetes:apps/v1:Deployment').length, 6);
  });

  it('rolls its workloads when the injection of the namespace changes', async () => {
    const annotations = async (injection: boolean): Promise<unknown[]> => {
      const args = { namespace: 'bookinfo', namespaceSettings: { injection } };
      const found = await registrations(() => new Bookinfo('shop', args));
      const pods = found
        .filter(({ type }) => type === 'kubernetes:apps/v1:Deployment')
        .map(({ inputs }) => inputs['spec']);
      return pods.map(
        (spec) => (spec as { template: { metadata: { annotations: unknown } } }).template.metadata.annotations,
      );
    };
    assert.deepEqual(await annotations(true), Array(6).fill({ 'meshwright.io/injection': 'enabled' }));
    assert.deepEqual(await annotations(false), Array(6).fill({ 'meshwright.io/injection': 'disabled' }));
  });
});

describe('App', () => {
  const pod: AppArgs = {
    namespace: 'shop',
    workloads: { once: { kind: 'Pod', image: 'busybox:1.36', serviceAccount: 'runner' } },
    secrets: { token: { key: 'hush' } },
  };

  it('replaces a bare Pod when its injection changes, after the Secret and the ServiceAccount', async () => {
    const found = await registrations(() => new App('job', pod));
    const [made] = found.filter(({ type }) => type === 'kubernetes:core/v1:Pod');
    assert.deepEqual(made?.options, { replaceOnChanges: ['metadata.annotations["meshwright.io/injection"]'] });
    assert.deepEqual(made.dependsOn, ['job-runner', 'job-token']);
  });

  it('encrypts the data of a Secret with any other options', async () => {
    const found = await registrations(() => new App('job', { ...pod, secret: false }));
    const [secret] = found.filter(({ type }) => type === 'kubernetes:core/v1:Secret');
    assert.deepEqual(secret?.inputs, {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'token', namespace: 'shop' },
      stringData: { secret: { key: 'hush' } },
    });
  });

  it('encrypts the specs of a section with secrets', async () => {
    const found = await registrations(() => new App('job', { ...pod, secret: true }));
    const [made] = found.filter(({ type }) => type === 'kubernetes:core/v1:Pod');
    assert.deepEqual(Object.keys(made?.inputs['spec'] as object), ['secret']);
  });

  it('is the sample app of its name', async () => {
    const [component] = await registrations(() => new App('bookinfo', { namespace: 'bookinfo' }));
    assert.deepEqual(component?.outputs?.['services'], ['details', 'ratings', 'reviews', 'productpage']);
  });
});

function byName(found: Registration[]): Registration[] {
  return [...found].sort((a, b) => `${a.type} ${a.name}`.localeCompare(`${b.type} ${b.name}`));
}
