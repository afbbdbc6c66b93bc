import assert from 'node:assert/strict';
import { Namespace } from '../../components';
import { registrations } from './support/registrations';

describe('Namespace', () => {
  it('makes a namespace with the labels that the injector reads', async () => {
    const found = await registrations(
      () => new Namespace('shop', { injection: true, labels: { team: 'a' }, annotations: { note: 'b' } }),
    );
    assert.deepEqual(found, [
      {
        type: 'meshwright:index:Namespace',
        name: 'shop',
        inputs: {},
        dependsOn: [],
        options: { aliases: ['meshwright:index:MeshNamespace'] },
        outputs: { name: 'shop', namespace: { resource: 'shop-namespace' } },
      },
      {
        type: 'kubernetes:core/v1:Namespace',
        name: 'shop-namespace',
        parent: 'shop',
        inputs: {
          apiVersion: 'v1',
          kind: 'Namespace',
          metadata: { name: 'shop', labels: { 'istio-injection': 'enabled', team: 'a' }, annotations: { note: 'b' } },
        },
        dependsOn: [],
        options: {},
      },
    ]);
  });

  for (const [name, args] of [
    ['default', { injection: false }],
    ['shop', { injection: false, existing: true }],
  ] as const) {
    it(`only labels ${name} if it exists already, and keeps it on destroy`, async () => {
      const found = await registrations(() => new Namespace(name, args));
      assert.deepEqual(found[0]?.outputs, { name });
      assert.deepEqual(found.slice(1), [
        {
          type: 'kubernetes:core/v1:NamespacePatch',
          name: `${name}-labels`,
          parent: name,
          inputs: {
            apiVersion: 'v1',
            kind: 'Namespace',
            metadata: { name, labels: { 'istio-injection': 'disabled' } },
          },
          dependsOn: [],
          options: {},
        },
      ]);
    });
  }

  it('writes nothing into an existing namespace without labels and annotations', async () => {
    const found = await registrations(() => new Namespace('shop', { existing: true }));
    assert.deepEqual(
      found.map(({ type, outputs }) => ({ type, outputs })),
      [{ type: 'meshwright:index:Namespace', outputs: { name: 'shop' } }],
    );
  });

  it('may have another name than its namespace', async () => {
    const [component, namespace] = await registrations(() => new Namespace('a', { name: 'shop', revision: '1-30' }));
    assert.deepEqual(component?.outputs, { name: 'shop', namespace: { resource: 'a-namespace' } });
    assert.deepEqual(namespace?.inputs['metadata'], { name: 'shop', labels: { 'istio.io/rev': '1-30' } });
  });
});
