import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../../components/manifests/kubernetes';
import { checkReport } from '../../../policy/check';
import { checkOnce } from '../../../policy/pack/check-once';

const service = (name: string): KubernetesObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace: 'shop' },
  spec: { hosts: [name], http: [{ route: [{ destination: { host: name } }] }] },
});

describe('the check that both policies over a stack ask for', () => {
  const [reviews, ratings] = [service('reviews'), service('ratings')];

  it('is done once for the same objects, options and unknown values', () => {
    const unknowns = (): Map<KubernetesObject, string[]> => new Map([[reviews, ['spec.http[0].timeout']]]);
    const report = checkOnce([reviews, ratings], { complete: true }, unknowns());
    assert.equal(checkOnce([reviews, ratings], { complete: true }, unknowns()), report);
    assert.deepEqual(report, checkReport([reviews, ratings], { complete: true }, { unknowns: unknowns() }));
  });

  it('is done again for anything else', () => {
    const none = new Map<KubernetesObject, string[]>();
    const asked: Parameters<typeof checkOnce>[] = [
      [[reviews, ratings], {}, none],
      [[reviews], {}, none],
      [[structuredClone(reviews)], {}, none],
      [[reviews], { environment: 'prod' }, none],
      [[reviews], { environment: 'prod' }, new Map([[reviews, ['spec.http']]])],
      [[reviews], { environment: 'prod' }, new Map([[reviews, ['spec.http[0].route']]])],
    ];
    for (const [objects, options, unknowns] of asked)
      assert.deepEqual(checkOnce(objects, options, unknowns), checkReport(objects, options, { unknowns }));
    const reports = asked.map((question) => checkOnce(...question));
    assert.equal(new Set(reports).size, asked.length);
  });
});
