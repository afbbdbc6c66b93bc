import assert from 'node:assert/strict';
import type { LiveObject } from '../../cluster/api';
import { adoptHint, fixedDifference, ignoredPaths, isCovered, obstacle } from '../../provider/adoption';

const config = (metadata: object = {}, fields: object = {}): LiveObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'shop', ...metadata },
  ...fields,
});

describe('the adoption of existing objects', () => {
  it('covers all objects, or those that are named', () => {
    const title = 'VirtualService shop/pay';
    const covered = [true, false, [], [title], ['VirtualService shop/till']].map((adopt) => isCovered(adopt, title));
    assert.deepEqual(covered, [true, false, false, true, false]);
  });

  it('tells in messages how to take objects over', () => {
    assert.equal(adoptHint('A b/c'), 'To take it over: meshwright:adopt: ["A b/c"], or true for all');
    assert.equal(adoptHint('A b/c', 'D e'), 'To take them over: meshwright:adopt: ["A b/c", "D e"], or true for all');
  });

  describe('waits for the other tool that writes or deletes the object:', () => {
    const obstacles: [who: string, metadata: object, words: RegExp | undefined][] = [
      ['no other tool', {}, undefined],
      ['kubectl, which writes when someone asks it to', { managedFields: [{ manager: 'kubectl' }] }, undefined],
      ['the garbage collector', { deletionTimestamp: '2026-01-01T00:00:00Z' }, /^it is being deleted/],
      [
        'a controller',
        { ownerReferences: [{ kind: 'Canary', name: 'pay', controller: true }] },
        /^Canary pay controls it: .*--cascade=orphan/,
      ],
      ['an owner that is no controller', { ownerReferences: [{ kind: 'Canary', name: 'pay' }] }, undefined],
      [
        'Helm',
        { annotations: { 'meta.helm.sh/release-name': 'shop', 'meta.helm.sh/release-namespace': 'apps' } },
        /^it belongs to the Helm release apps\/shop, .*helm\.sh\/resource-policy: keep/,
      ],
      [
        'Flux',
        { labels: { 'kustomize.toolkit.fluxcd.io/name': 'apps' } },
        /^Flux applies it \(apps\): .*prune: disabled/,
      ],
      [
        'Argo CD',
        { annotations: { 'argocd.argoproj.io/tracking-id': 'apps:/ConfigMap:shop/a' } },
        /^Argo CD applies it \(apps\): .*--cascade=false/,
      ],
      ['Argo CD by label', { labels: { 'argocd.argoproj.io/instance': 'apps' } }, /^Argo CD applies it \(apps\)/],
    ];
    for (const [who, metadata, words] of obstacles) {
      it(who, () => {
        const found = obstacle(config(metadata));
        if (words === undefined) assert.equal(found, undefined);
        else assert.match(found ?? '', words);
      });
    }

    it('but not for a controller with which the stack file shares the object', () => {
      const ownerReferences = [{ kind: 'Canary', name: 'pay', controller: true }];
      assert.equal(obstacle(config({ ownerReferences }), true), undefined);
    });
  });

  describe('refuses a replacement:', () => {
    const pairs: [what: string, stated: object, live: object, field: string | undefined][] = [
      ['equal data', { kind: 'ConfigMap', data: { a: '1' } }, { data: { a: '1' } }, undefined],
      ['other data', { kind: 'ConfigMap', data: { a: '1' } }, { data: { a: '2' } }, 'its data differs'],
      [
        'data that only the cluster has',
        { kind: 'ConfigMap', data: { a: '1' } },
        { data: { a: '1', b: '2' } },
        'its data differs',
      ],
      ['all data of the cluster', { kind: 'ConfigMap' }, { data: { a: '1' } }, 'its data differs'],
      ['the same Secret', { kind: 'Secret', data: { a: 'Yg==' } }, { data: { a: 'Yg==' } }, undefined],
      ['another Secret', { kind: 'Secret', data: { a: 'Yg==' } }, { data: { a: 'Yw==' } }, 'its data differs'],
      [
        'a Secret with stringData',
        { kind: 'Secret', stringData: { a: 'b' } },
        { data: { a: 'Yg==' } },
        'the stack file states stringData',
      ],
      [
        'the selector of a Deployment',
        { kind: 'Deployment', spec: { selector: { matchLabels: { app: 'a' } } } },
        { spec: { selector: { matchLabels: { app: 'b' } } } },
        'its spec.selector differs',
      ],
      [
        'fields that the API server has filled in',
        { kind: 'Service', spec: { ports: [] } },
        { spec: { clusterIP: '10.0.0.1', ports: [] } },
        undefined,
      ],
      [
        'a headless Service',
        { kind: 'Service', spec: { clusterIP: 'None' } },
        { spec: { clusterIP: '10.0.0.1' } },
        'its spec.clusterIP differs',
      ],
      ['a Pod', { kind: 'Pod' }, {}, 'a Pod cannot be taken over'],
      [
        'a field that can be changed',
        { kind: 'Deployment', spec: { replicas: 2 } },
        { spec: { replicas: 1 } },
        undefined,
      ],
    ];
    for (const [what, stated, live, field] of pairs) {
      it(what, () => {
        const found = fixedDifference({ ...config(), ...stated }, config({}, live));
        assert.equal(found?.slice(0, field?.length ?? 0), field);
      });
    }
  });

  it('ignores fields that the API server fills in, unless the stack states them', () => {
    assert.deepEqual(ignoredPaths({ kind: 'Service', spec: { ports: [] } }), ['spec.clusterIP']);
    assert.deepEqual(ignoredPaths({ kind: 'Service', spec: { clusterIP: 'None' } }), []);
    assert.deepEqual(ignoredPaths({ kind: 'ConfigMap', data: {} }), []);
  });
});
