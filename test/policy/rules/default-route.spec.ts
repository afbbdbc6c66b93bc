import assert from 'node:assert/strict';
import { defaultRoute } from '../../../policy/rules/default-route';
import { finding, judged, to, virtualService } from '../mesh-objects';

const rules = (http: object[], spec: object = {}) =>
  virtualService('reviews', {
    hosts: ['reviews'],
    http: http.map((rule) => ({ route: [to('reviews')], ...rule })),
    ...spec,
  });

describe('default-route', () => {
  it('reports that a last rule for everything is missing', () => {
    assert.deepEqual(
      judged(defaultRoute, [
        rules([{ match: [{ uri: { prefix: '/reviews' } }] }, { match: [{ headers: { beta: {} } }] }]),
      ]),
      [
        finding(
          defaultRoute,
          'VirtualService bookinfo/reviews',
          'spec.http',
          'a request to reviews.bookinfo.svc.cluster.local that none of the 2 http rules match gets 404; add a last rule without a match',
        ),
      ],
    );
  });

  it('accepts a rule without a match, and one that matches everything', () => {
    assert.deepEqual(
      judged(defaultRoute, [
        rules([{ match: [{ uri: { exact: '/a' } }] }, {}]),
        virtualService('ratings', {
          hosts: ['ratings'],
          http: [{ match: [{ uri: { prefix: '/' } }], route: [to('ratings')] }],
        }),
      ]),
      [],
    );
  });

  it('reports nothing at a gateway, where such a rule would publish every path', () => {
    assert.deepEqual(
      judged(defaultRoute, [rules([{ match: [{ uri: { exact: '/a' } }] }], { gateways: ['edge'] })]),
      [],
    );
  });

  it('reports nothing if a delegate outside the input may have it', () => {
    assert.deepEqual(
      judged(defaultRoute, [
        rules([{ match: [{ uri: { exact: '/a' } }] }, { route: undefined, delegate: { name: 'rest' } }]),
      ]),
      [],
    );
  });
});
