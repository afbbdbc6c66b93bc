import assert from 'node:assert/strict';
import { movedFields, unstatedFields, type LiveObject, type ManagedFields } from '../../../cluster/api';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';

const config = (metadata: object = {}, fields: object = {}): LiveObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', ...metadata },
  ...fields,
});

describe('field managers', () => {
  describe('moves fields', () => {
    const stated = { ...config({ labels: { team: 'a' } }), data: { currency: 'EUR' } } as KubernetesObject;
    const entry = (
      manager: string,
      fieldsV1: Record<string, unknown>,
      more: Partial<ManagedFields> = {},
    ): ManagedFields => ({
      manager,
      operation: 'Update',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1,
      ...more,
    });
    const moved = (...managedFields: ManagedFields[]): ReturnType<typeof movedFields> =>
      movedFields(stated, config({ managedFields }), 'mine');

    it('of every manager of a stated field, with all its other fields', () => {
      const theirs = entry(
        'terraform',
        { 'f:data': { '.': {}, 'f:currency': {}, 'f:old': {} } },
        { operation: 'Apply', time: 't' },
      );
      const hand = entry('kubectl-edit', { 'f:metadata': { 'f:labels': { 'f:team': {} } } });
      assert.deepEqual(moved(theirs, hand), {
        entries: [
          {
            manager: 'mine',
            operation: 'Apply',
            apiVersion: 'v1',
            fieldsType: 'FieldsV1',
            fieldsV1: {
              'f:data': { '.': {}, 'f:currency': {}, 'f:old': {} },
              'f:metadata': { 'f:labels': { 'f:team': {} } },
            },
            time: 't',
          },
        ],
        from: ['kubectl-edit', 'terraform'],
      });
    });

    it('to those that the stack has already', () => {
      const own = entry('mine', { 'f:data': { 'f:own': {} } }, { operation: 'Apply' });
      const all = moved(own, entry('kubectl', { 'f:data': { 'f:currency': {} } }));
      assert.deepEqual(all?.entries, [{ ...own, fieldsV1: { 'f:data': { 'f:own': {}, 'f:currency': {} } } }]);
    });

    it('but not of a controller that has other fields, or writes a subresource', () => {
      const others = [
        entry('cert-manager', { 'f:metadata': { 'f:annotations': { 'f:note': {} } } }),
        entry('hpa', { 'f:data': { 'f:currency': {} } }, { subresource: 'scale' }),
      ];
      assert.equal(moved(...others), undefined);
      const kept = moved(...others, entry('kubectl', { 'f:data': { 'f:currency': {} } }))?.entries.slice(0, 2);
      assert.deepEqual(kept, others);
    });

    it('of none when there are none', () => {
      assert.equal(moved(), undefined);
      assert.equal(moved(entry('mine', { 'f:data': { 'f:currency': {} } }, { operation: 'Apply' })), undefined);
    });
  });

  describe('have stated fields', () => {
    const stated = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'Gateway',
      metadata: { name: 'public', namespace: 'shop', annotations: { 'pulumi.com/patchFieldManager': 'mine' } },
      spec: { selector: { istio: 'edge' }, servers: [] },
    } as KubernetesObject;
    const live = (
      managedFields: ManagedFields[],
      more: { annotations?: object; apiVersion?: string } = {},
    ): LiveObject =>
      ({
        ...stated,
        apiVersion: more.apiVersion ?? stated.apiVersion,
        metadata: {
          name: 'public',
          namespace: 'shop',
          labels: { team: 'a' },
          annotations: more.annotations ?? { note: 'b' },
          managedFields,
        },
        spec: { selector: { istio: 'edge', zone: 'c' }, servers: [] },
        status: { ready: true },
      }) as unknown as LiveObject;
    const fields = {
      'f:metadata': { 'f:labels': { '.': {}, 'f:team': {} } },
      'f:spec': { 'f:selector': { 'f:istio': {}, 'f:zone': {} }, 'f:servers': {} },
      'f:status': { 'f:ready': {} },
    };
    const unstated = [
      ['metadata', 'labels', 'team'],
      ['spec', 'selector', 'zone'],
    ];
    const cases: [name: string, live: LiveObject, paths: string[][]][] = [
      ['that an apply of theirs has', live([{ manager: 'flux', operation: 'Apply', fieldsV1: fields }]), unstated],
      ['that an own apply has', live([{ manager: 'mine', operation: 'Apply', fieldsV1: fields }]), unstated],
      [
        'of a custom resource, which has no defaults',
        live([{ manager: 'kubectl-create', operation: 'Update', fieldsV1: fields }]),
        unstated,
      ],
      [
        'but not those that the API server fills in',
        live([{ manager: 'kubectl-create', operation: 'Update', fieldsV1: fields }], { apiVersion: 'apps/v1' }),
        [],
      ],
      [
        'that kubectl apply has kept in its annotation',
        live([{ manager: 'kubectl-client-side-apply', operation: 'Update', fieldsV1: fields }], {
          apiVersion: 'apps/v1',
          annotations: {
            'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
              ...stated,
              metadata: {
                name: 'public',
                namespace: 'shop',
                annotations: {},
                creationTimestamp: null,
                labels: { team: 'a' },
              },
            }),
          },
        }),
        [['metadata', 'labels', 'team']],
      ],
      [
        'but not those of a controller that has no stated field',
        live([
          { manager: 'controller', operation: 'Apply', fieldsV1: { 'f:metadata': { 'f:labels': { 'f:team': {} } } } },
        ]),
        [],
      ],
    ];
    for (const [name, object, paths] of cases)
      it(name, () => assert.deepEqual(unstatedFields(stated, object, 'mine'), paths));
  });
});
