import assert from 'node:assert/strict';
import { subsetLabels } from '../../../policy/rules/subset-labels';
import {
  deployment,
  destinationRule,
  finding,
  judged,
  service,
  serviceEntry,
  subsets,
  to,
  virtualService,
} from '../mesh-objects';

const reviews = (...list: object[]) => destinationRule('reviews', { host: 'reviews', subsets: list });
const uses = (subset: string) =>
  virtualService('reviews', { hosts: ['reviews'], http: [{ route: [to('reviews', subset)] }] });

describe('subset-labels', () => {
  it('refuses labels that the Service does not select', () => {
    assert.deepEqual(
      judged(subsetLabels, [service('reviews'), reviews({ name: 'v1', labels: { app: 'ratings', version: 'v1' } })]),
      [
        finding(
          subsetLabels,
          'DestinationRule bookinfo/reviews',
          'spec.subsets[0].labels',
          'subset "v1" asks for app=ratings, but Service bookinfo/reviews selects pods with app=reviews only, so no pod can belong to it',
        ),
      ],
    );
  });

  it('accepts labels that pods of the Service carry', () => {
    assert.deepEqual(
      judged(subsetLabels, [service('reviews'), deployment('reviews', 'v1'), reviews(...subsets('v1'))]),
      [],
    );
  });

  it('is advisory for a version without pods that no route uses', () => {
    assert.deepEqual(
      judged(subsetLabels, [service('reviews'), deployment('reviews', 'v1'), reviews(...subsets('v1', 'v2'))]),
      [
        finding(
          subsetLabels,
          'DestinationRule bookinfo/reviews',
          'spec.subsets[1].labels',
          'no workload behind reviews.bookinfo.svc.cluster.local carries the labels of subset "v2" (version=v2); correct the labels, or deploy the version',
          'advisory',
        ),
      ],
    );
  });

  it('refuses it when a route sends requests there', () => {
    assert.deepEqual(
      judged(subsetLabels, [
        service('reviews'),
        deployment('reviews', 'v1'),
        reviews(...subsets('v1', 'v2')),
        uses('v2'),
      ]),
      [
        finding(
          subsetLabels,
          'DestinationRule bookinfo/reviews',
          'spec.subsets[1].labels',
          'no workload behind reviews.bookinfo.svc.cluster.local carries the labels of subset "v2" (version=v2), although routes send requests there; correct the labels, or deploy the version',
        ),
      ],
    );
  });

  it('ignores pods of another namespace, unlike IST0173', () => {
    assert.deepEqual(
      judged(subsetLabels, [
        service('reviews'),
        deployment('reviews', 'v1'),
        deployment('reviews', 'v2', {}, { namespace: 'other' }),
        reviews(...subsets('v2')),
        uses('v2'),
      ]),
      [
        finding(
          subsetLabels,
          'DestinationRule bookinfo/reviews',
          'spec.subsets[0].labels',
          'no workload behind reviews.bookinfo.svc.cluster.local carries the labels of subset "v2" (version=v2), although routes send requests there; correct the labels, or deploy the version',
        ),
      ],
    );
  });

  it('reports nothing where the objects show no workload of the Service', () => {
    assert.deepEqual(judged(subsetLabels, [service('reviews'), reviews(...subsets('v1')), uses('v1')]), []);
  });

  it('refuses a subset without labels next to others', () => {
    assert.deepEqual(judged(subsetLabels, [reviews({ name: 'all' }, ...subsets('v1'))]), [
      finding(
        subsetLabels,
        'DestinationRule bookinfo/reviews',
        'spec.subsets[0]',
        'subset "all" has no labels, so it is every pod of reviews.bookinfo.svc.cluster.local, those of subset "v1" included; write the labels of its pods',
      ),
    ]);
  });

  it('advises on one that is alone', () => {
    assert.deepEqual(judged(subsetLabels, [reviews({ name: 'all' })]), [
      finding(
        subsetLabels,
        'DestinationRule bookinfo/reviews',
        'spec.subsets[0]',
        'subset "all" has no labels, so it is every pod of reviews.bookinfo.svc.cluster.local; write the labels of its pods',
        'advisory',
      ),
    ]);
  });

  it('accepts one that only names a traffic policy', () => {
    assert.deepEqual(judged(subsetLabels, [reviews({ name: 'tls', trafficPolicy: { tls: { mode: 'SIMPLE' } } })]), []);
  });

  it('finds the labels of endpoints that a ServiceEntry lists', () => {
    assert.deepEqual(
      judged(subsetLabels, [
        serviceEntry('db', {
          hosts: ['db.example.com'],
          ports: [{ number: 3306, name: 'mysql', protocol: 'MySQL' }],
          resolution: 'STATIC',
          endpoints: [{ address: '10.0.0.1', labels: { role: 'primary' } }],
        }),
        destinationRule('db', {
          host: 'db.example.com',
          subsets: [
            { name: 'primary', labels: { role: 'primary' } },
            { name: 'replica', labels: { role: 'replica' } },
          ],
        }),
      ]),
      [
        finding(
          subsetLabels,
          'DestinationRule bookinfo/db',
          'spec.subsets[1].labels',
          'no workload behind db.example.com carries the labels of subset "replica" (role=replica); correct the labels, or deploy the version',
          'advisory',
        ),
      ],
    );
  });
});
