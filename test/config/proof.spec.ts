import assert from 'node:assert/strict';
import { problemsOf } from './support';

const flag = 'must be true or false';
const address = 'must be an address, host or host:port, without a scheme or a path';
const seconds = (least: number): string => `must be seconds, a whole number from ${least} to 3600`;

describe('meshwright:proof', () => {
  it('accepts every key', () => {
    const proof = {
      enabled: true,
      timeoutSeconds: 3600,
      strict: false,
      drainSeconds: 0,
      istiod: ['127.0.0.1', 'istiod.istio-system:15014', '[::1]:65535'],
      proxies: { 'edge-0.shop': '127.0.0.1:15000', 'a.b.shop': 'host' },
    };
    assert.deepEqual(problemsOf({ proof }), []);
  });

  const refusals: [proof: Record<string, unknown>, path: string, value: unknown, message: string, hint?: string][] = [
    [{ enabled: 'yes' }, '.enabled', 'yes', flag, 'write true'],
    [{ strict: 1 }, '.strict', 1, flag],
    [{ timeoutSeconds: 0 }, '.timeoutSeconds', 0, seconds(1)],
    [{ timeoutSeconds: 3601 }, '.timeoutSeconds', 3601, seconds(1)],
    [{ timeoutSeconds: 2.5 }, '.timeoutSeconds', 2.5, seconds(1)],
    [{ timeoutSeconds: '60' }, '.timeoutSeconds', '60', seconds(1), 'quotes make it a string: write 60'],
    [{ drainSeconds: -1 }, '.drainSeconds', -1, seconds(0)],
    [{ drainSeconds: 3601 }, '.drainSeconds', 3601, seconds(0)],
    [{ istiod: [] }, '.istiod', [], 'must name at least one address; remove the key for none'],
    [{ istiod: '127.0.0.1' }, '.istiod', '127.0.0.1', 'must be a list'],
    [{ istiod: ['http://istiod:15014'] }, '.istiod[0]', 'http://istiod:15014', address],
    [{ istiod: ['a', 'istiod:15014/debug'] }, '.istiod[1]', 'istiod:15014/debug', address],
    [{ istiod: ['istiod:65536'] }, '.istiod[0]', 'istiod:65536', address],
    [{ istiod: [''] }, '.istiod[0]', '', address],
    [{ proxies: ['a'] }, '.proxies', ['a'], 'must be a map'],
    [{ proxies: { 'edge-0.shop': 'h:0' } }, '.proxies["edge-0.shop"]', 'h:0', address],
    [{ proxies: { edge: 'host' } }, '.proxies.edge', 'host', "the key must be a proxy's name, <pod>.<namespace>"],
    [
      { grace: 2 },
      '.grace',
      2,
      'unknown key; the keys here are enabled, timeoutSeconds, strict, drainSeconds, istiod, proxies',
    ],
  ];
  for (const [proof, path, value, message, hint] of refusals) {
    it(`refuses ${JSON.stringify(proof)}`, () => {
      const problem = { path: `meshwright:proof${path}`, value, message };
      assert.deepEqual(problemsOf({ proof }), [hint === undefined ? problem : { ...problem, hint }]);
    });
  }
});
