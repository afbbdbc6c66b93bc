import assert from 'node:assert/strict';
import { retryBudget } from '../../../policy/rules/retry-budget';
import { finding, judged, to, virtualService } from '../mesh-objects';

const rule = (fields: object) =>
  virtualService('ratings', { hosts: ['ratings'], http: [{ ...fields, route: [to('ratings')] }] });

describe('retry-budget', () => {
  it('reports the timeout that retries need', () => {
    assert.deepEqual(
      judged(retryBudget, [rule({ timeout: '1.5s', retries: { attempts: 3, perTryTimeout: '750ms' } })]),
      [
        finding(
          retryBudget,
          'VirtualService bookinfo/ratings',
          'spec.http[0].retries',
          '4 tries (3 retries) of 750ms do not fit into the timeout of 1.5s, so the last are never made; lower attempts or perTryTimeout, or raise timeout to at least 3s',
        ),
      ],
    );
  });

  it('accepts retries that fit, and rules without a timeout', () => {
    assert.deepEqual(
      judged(retryBudget, [
        rule({ timeout: '8s', retries: { attempts: 3, perTryTimeout: '2s' } }),
        virtualService('other', {
          hosts: ['other'],
          http: [{ timeout: '0s', retries: { attempts: 3, perTryTimeout: '2s' }, route: [to('other')] }],
        }),
      ]),
      [],
    );
  });

  it('advises against repeating a POST that the server may have carried out', () => {
    assert.deepEqual(
      judged(retryBudget, [
        rule({ match: [{ method: { exact: 'POST' } }], retries: { attempts: 2, retryOn: 'connect-failure,5xx,503' } }),
      ]),
      [
        finding(
          retryBudget,
          'VirtualService bookinfo/ratings',
          'spec.http[0].retries.retryOn',
          'POST requests are retried on 5xx, 503, when the server may have carried them out already; retry on connect-failure,refused-stream',
        ),
      ],
    );
  });

  it('allows it for conditions before the server has started work, and for rules that also match GET', () => {
    assert.deepEqual(
      judged(retryBudget, [
        rule({
          match: [{ method: { exact: 'POST' } }],
          retries: { attempts: 2, retryOn: 'connect-failure,refused-stream' },
        }),
        virtualService('other', {
          hosts: ['other'],
          http: [
            {
              match: [{ method: { exact: 'POST' } }, { method: { exact: 'GET' } }],
              retries: { attempts: 2, retryOn: '5xx' },
              route: [to('other')],
            },
          ],
        }),
      ]),
      [],
    );
  });
});
