import assert from 'node:assert/strict';
import * as pulumi from '@pulumi/pulumi';
import type { LiveObject } from '../../cluster/api';
import { fieldManagerAnnotation, objectTitle, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { Adoption, moveFields, type AdoptionApi } from '../../provider/adopt';
import type { Adopt } from '../../provider/adoption';
import { handToHelm, installedByIstioctl } from '../../provider/istioctl';
import { routeManager } from '../../mesh/manifests/route-set';
import { owned, ownerOf } from '../../provider/ownership';

const urn = 'urn:pulumi:dev::shop::meshwright:index:Routes$meshwright-routes:index:Route::shop/pay';
const server = 'https://127.0.0.1:6443';
const object = (kind: string, name: string, metadata: object = {}): LiveObject => ({
  apiVersion: kind === 'ConfigMap' ? 'v1' : 'networking.istio.io/v1',
  kind,
  metadata: { name, namespace: 'shop', ...metadata },
});
const [route, rule, note] = [
  object('VirtualService', 'pay'),
  object('DestinationRule', 'pay.v1'),
  object('ConfigMap', 'note'),
];
const applied = (by: string, live: LiveObject): LiveObject => ({
  ...live,
  metadata: { ...live.metadata, managedFields: [{ manager: by, operation: 'Apply' }] },
});

/** A cluster with these objects, and the deployed revisions of these releases. */
function apiOf(objects: readonly LiveObject[], releases: readonly string[] = []): AdoptionApi & { patches: unknown[] } {
  const patches: unknown[] = [];
  return {
    patches,
    connection: { server },
    get: (wanted) => Promise.resolve(objects.find((one) => objectTitle(one) === objectTitle(wanted))),
    list: (key, options) => {
      const { namespace, labelSelector } = options ?? {};
      if (key !== 'Secret')
        return Promise.resolve(
          objects.filter((one) => one.metadata.namespace === namespace && key.startsWith(`${one.kind}.`)),
        );
      const found = releases.filter((name) => labelSelector === `owner=helm,name=${name},status=deployed`);
      return Promise.resolve(found.map((name) => object('Secret', name)));
    },
    patch: (patched, operations, manager) => {
      patches.push([objectTitle(patched), operations, manager]);
      return Promise.resolve(patched as LiveObject);
    },
  };
}
const adoption = (objects: readonly LiveObject[], adopt: Adopt = true, releases: readonly string[] = []): Adoption =>
  new Adoption(() => Promise.resolve(apiOf(objects, releases)), adopt);

describe('the look-ups before an adoption', () => {
  beforeEach(async () => {
    // Not in a preview.
    await pulumi.runtime.setMocks({ newResource: () => ({ id: '', state: {} }), call: () => ({}) });
  });

  it('give an object that exists its id', async () => {
    assert.equal(await adoption([note]).objectId(note, 'mine'), 'shop/note');
    assert.equal(await adoption([note], ['ConfigMap shop/note']).objectId(note, 'mine'), 'shop/note');
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
    assert.equal(await adoption([namespace]).objectId(namespace, 'mine'), 'shop');
  });

  it('give none to an object that does not exist, is not named, or cannot be taken over', async () => {
    assert.equal(await adoption([]).objectId(note, 'mine'), undefined);
    assert.equal(await adoption([note], ['ConfigMap shop/other']).objectId(note, 'mine'), undefined);
    const deleted = object('ConfigMap', 'note', { deletionTimestamp: 'now' });
    assert.equal(await adoption([deleted]).objectId(note, 'mine'), undefined);
    const other = { ...note, data: { a: '2' } };
    assert.equal(await adoption([other]).objectId({ ...note, data: { a: '1' } }, 'mine'), undefined);
  });

  it('take named objects from another Meshwright resource, and objects of their own at any time', async () => {
    const others = applied(`meshwright-${'0'.repeat(20)}`, note);
    assert.equal(await adoption([others]).objectId(note, 'mine'), undefined);
    assert.equal(await adoption([others], ['ConfigMap shop/note']).objectId(note, 'mine'), 'shop/note');
    const own = `meshwright-${'1'.repeat(20)}`;
    assert.equal(await adoption([applied(own, note)]).objectId(note, own), 'shop/note');
  });

  it('give a release its id when Helm has deployed it', async () => {
    const release = { name: 'istiod', namespace: 'istio-system' };
    assert.equal(await adoption([], true, ['istiod']).releaseId(release), 'istio-system/istiod');
    assert.equal(
      await adoption([], ['Release istio-system/istiod'], ['istiod']).releaseId(release),
      'istio-system/istiod',
    );
    assert.equal(await adoption([], true, ['other']).releaseId(release), undefined);
    assert.equal(await adoption([], [], ['istiod']).releaseId(release), undefined);
  });

  describe('give a Route', () => {
    const owner = ownerOf(urn, server, 'shop');
    const inputs = { namespace: 'shop', objects: { [objectTitle(route)]: '{}', [objectTitle(rule)]: '{}' } };
    const ownerReferences = [{ kind: 'Canary', name: 'pay', controller: true }];
    const foreign = owned(route, ownerOf(urn.replace('dev', 'prod'), server, 'shop')) as LiveObject;
    const cases: [name: string, objects: LiveObject[], adopt: Adopt, more: object, id: string | undefined][] = [
      ['its id when its objects exist', [route, rule], true, {}, owner.id],
      ['its id when one of them exists', [rule], true, {}, owner.id],
      [
        'its id when all that exist are named',
        [route, rule],
        ['VirtualService shop/pay', 'DestinationRule shop/pay.v1'],
        {},
        owner.id,
      ],
      ['none when none of them exists', [note], true, {}, undefined],
      ['none when one of them is not named', [route, rule], ['VirtualService shop/pay'], {}, undefined],
      [
        'none when a controller has one of them',
        [object('VirtualService', 'pay', { ownerReferences })],
        true,
        {},
        undefined,
      ],
      [
        'its id when it shares the weights with that controller',
        [object('VirtualService', 'pay', { ownerReferences })],
        true,
        { weightsOwnedBy: 'flagger' },
        owner.id,
      ],
      ['none for objects of another stack', [foreign], true, {}, undefined],
      ['its id for objects of another stack that are named', [foreign], ['VirtualService shop/pay'], {}, owner.id],
      ['its id for what it made itself', [applied(routeManager, owned(route, owner))], [], {}, owner.id],
      [
        'its id when an earlier update has written only some of its objects',
        [applied(routeManager, owned(route, owner)), rule],
        true,
        {},
        owner.id,
      ],
    ];
    for (const [name, objects, adopt, more, id] of cases) {
      it(name, async () => {
        assert.equal(await adoption(objects, adopt).routeId(urn, { ...inputs, ...more }), id);
      });
    }
  });

  it('fail without the cluster, except in a preview', async () => {
    const lost = new Adoption(() => Promise.reject(new Error('no cluster')), true);
    await assert.rejects(lost.objectId(note, 'mine'), { message: 'no cluster' });
    const preview = new Adoption(() => Promise.reject(new Error('no cluster')), true, true);
    assert.equal(await preview.objectId(note, 'mine'), undefined);
    assert.equal(await preview.releaseId({ name: 'a', namespace: 'b' }), undefined);
    assert.equal(await preview.routeId(urn, { namespace: 'shop', objects: {} }), undefined);
  });

  describe('before the first update of an adopted object', () => {
    const managed = (manager: string): KubernetesObject => ({
      ...note,
      metadata: { ...note.metadata, annotations: { [fieldManagerAnnotation]: manager } },
      data: { a: '1' },
    });
    const live = object('ConfigMap', 'note', {
      uid: 'u1',
      resourceVersion: '7',
      managedFields: [{ manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:data': { 'f:a': {} } } }],
    });
    const patches = async (
      oldInputs: KubernetesObject,
      { is = live, uid = 'u1' }: { is?: LiveObject; uid?: string } = {},
    ): Promise<unknown[]> => {
      const api = apiOf([is]);
      const oldOutputs = { metadata: { uid } };
      await moveFields(() => Promise.resolve(api))({
        urn: '',
        id: '',
        name: '',
        type: '',
        newInputs: managed('mine'),
        oldInputs,
        oldOutputs,
      });
      return api.patches;
    };

    const moved = [
      'ConfigMap shop/note',
      [
        { op: 'test', path: '/metadata/resourceVersion', value: '7' },
        {
          op: 'replace',
          path: '/metadata/managedFields',
          value: [
            {
              manager: 'mine',
              operation: 'Apply',
              apiVersion: 'v1',
              fieldsType: 'FieldsV1',
              fieldsV1: { 'f:data': { 'f:a': {} } },
            },
          ],
        },
      ],
      'mine',
    ];

    it('move its fields, unless it was written meanwhile', async () => {
      assert.deepEqual(await patches(note), [moved]);
    });

    it('move them also when the object was recorded, and not written', async () => {
      assert.deepEqual(await patches(managed('mine')), [moved]);
    });

    it('refuse a preview of a change that the stack file does not adopt, and write nothing in any preview', async () => {
      const api = apiOf([{ ...live, data: { a: '2' } }]);
      const preview = async (adopt: Adopt): Promise<unknown> =>
        moveFields(
          () => Promise.resolve(api),
          adopt,
          true,
        )({
          urn: '',
          id: '',
          name: '',
          type: '',
          newInputs: managed('mine'),
          oldInputs: managed('mine'),
          oldOutputs: { metadata: { uid: 'u1' } },
        });
      await assert.rejects(preview(false), {
        message:
          'ConfigMap shop/note was adopted, and other tools still own its fields (field managers: kubectl): its first change needs it in meshwright:adopt. To take it over: meshwright:adopt: ["ConfigMap shop/note"], or true for all.',
      });
      await preview(true);
      assert.deepEqual(api.patches, []);
    });

    it('force their preview only when a field of others changes', async () => {
      const contested = (is: LiveObject): Promise<boolean> =>
        new Adoption(() => Promise.resolve(apiOf([is])), true, true).isContested(managed('mine'), 'mine');
      assert.equal(await contested({ ...live, data: { a: '2' } }), true);
      assert.equal(await contested({ ...live, data: { a: '1' } }), false);
      const own = { manager: 'mine', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } } };
      const metadata = { ...live.metadata, managedFields: [own, ...(live.metadata.managedFields ?? [])] };
      assert.equal(await contested({ ...live, metadata, data: { a: '2' } }), false);
    });

    it('leave an object that others have created anew', async () => {
      assert.deepEqual(await patches(managed('mine'), { uid: 'u0' }), []);
    });

    it('and do not move them again', async () => {
      const [own, theirs] = [
        { manager: 'mine', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } } },
        { manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:data': { 'f:a': {} } } },
      ];
      const is = { ...live, metadata: { ...live.metadata, managedFields: [own, theirs] } };
      assert.deepEqual(await patches(managed('mine'), { is }), []);
    });
  });
});

describe('what istioctl installed', () => {
  const labelled = (kind: string, name: string, component: string): LiveObject => ({
    ...object(kind, name),
    metadata: {
      name,
      namespace: 'istio-system',
      labels: { 'operator.istio.io/component': component },
      resourceVersion: '1',
    },
  });
  const all = [
    labelled('Deployment', 'istiod', 'Pilot'),
    labelled('Service', 'istiod', 'Pilot'),
    labelled('Deployment', 'istio-ingressgateway', 'IngressGateways'),
    labelled('Service', 'istio-ingressgateway-other', 'IngressGateways'),
  ];
  const api: Parameters<typeof installedByIstioctl>[0] = {
    list: (key, options) =>
      Promise.resolve(
        all.filter(
          ({ kind, metadata: { labels } }) =>
            kind === key.split('.')[0] &&
            (options?.labelSelector ?? '').includes(labels?.['operator.istio.io/component'] ?? ''),
        ),
      ),
  };
  const found = async (name: string, chart: string): Promise<string[]> =>
    (await installedByIstioctl(api, { name, namespace: 'istio-system', chart })).map(objectTitle);

  it('is found by the chart that makes the same objects, from any source', async () => {
    const istiod = ['Deployment istio-system/istiod', 'Service istio-system/istiod'];
    for (const chart of ['istiod', './charts/istiod', 'oci://example.com/charts/istiod', 'vendor/istiod-1.30.3.tgz'])
      assert.deepEqual(await found('istiod', chart), istiod);
    assert.deepEqual(await found('kiali', 'kiali-server'), []);
  });

  it('has the name of its gateway', async () => {
    assert.deepEqual(await found('istio-ingressgateway', 'gateway'), ['Deployment istio-system/istio-ingressgateway']);
  });

  it("gets Helm's marks, and keeps its labels and annotations", async () => {
    const cluster = apiOf([]);
    const [deployment] = all;
    assert.ok(deployment);
    await handToHelm(cluster, [deployment], { name: 'istiod', namespace: 'istio-system', chart: 'istiod' });
    assert.deepEqual(cluster.patches, [
      [
        'Deployment istio-system/istiod',
        [
          { op: 'test', path: '/metadata/resourceVersion', value: '1' },
          {
            op: 'add',
            path: '/metadata/labels',
            value: { 'operator.istio.io/component': 'Pilot', 'app.kubernetes.io/managed-by': 'Helm' },
          },
          {
            op: 'add',
            path: '/metadata/annotations',
            value: { 'meta.helm.sh/release-name': 'istiod', 'meta.helm.sh/release-namespace': 'istio-system' },
          },
        ],
        'meshwright',
      ],
    ]);
  });
});
