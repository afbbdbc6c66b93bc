import assert from 'node:assert/strict';
import fc from 'fast-check';
import { effectiveWeights } from '../../../mesh/manifests/weights';
import { stepsOf, towards } from '../../../cli/shift/steps';

describe('the steps of a shift', () => {
  it('move several versions together, and keep rest where it is', () => {
    const from = { v1: 'rest', v2: 30, v3: 0 } as const;
    assert.deepEqual(
      [5, 25, 50, 100].map((share) => towards(from, { v3: 100 }, share)),
      [
        { v1: 'rest', v2: 28, v3: 5 },
        { v1: 'rest', v2: 22, v3: 25 },
        { v1: 'rest', v2: 15, v3: 50 },
        { v1: 'rest', v2: 0, v3: 100 },
      ],
    );
  });

  it('always sum to 100, begin at the start and end at the target', () => {
    const split = fc
      .tuple(fc.nat(100), fc.nat(100))
      .map(([a, b]) => ({ v1: Math.min(a, b), v2: Math.abs(a - b), v3: 100 - Math.max(a, b) }));
    fc.assert(
      fc.property(split, split, fc.nat(100), (from, to, share) => {
        const sum = Object.values(effectiveWeights(towards(from, to, share)) ?? {}).reduce((all, one) => all + one, 0);
        assert.equal(sum, 100);
        assert.deepEqual(effectiveWeights(towards(from, to, 0)), from);
        assert.deepEqual(effectiveWeights(towards(from, to, 100)), to);
      }),
    );
  });

  const options = { steps: [100] };
  it('refuse a route whose weights belong to a controller', () => {
    const settings = { versions: ['v1', 'v2'], weights: { v1: 100 }, weightsOwnedBy: 'flagger' };
    assert.throws(() => stepsOf([{ name: 'shop/cart', settings }], { v2: 100 }, options), {
      message:
        'shop/cart cannot be shifted: its weights belong to flagger (weightsOwnedBy), which would undo each step. Shift it there, or remove weightsOwnedBy first.',
    });
  });

  it('refuse versions that the service does not have', () => {
    const settings = { versions: ['v1', 'v2'], weights: { v1: 100 } };
    assert.throws(() => stepsOf([{ name: 'shop/cart', settings }], { v3: 100 }, options), {
      message: 'shop/cart has no version v3; its versions are v1, v2.',
    });
  });

  it('keep the paths of a gateway when a header is matched', () => {
    const settings = {
      gateways: ['edge'],
      versions: ['v1', 'v2'],
      weights: { v1: 100 },
      http: [{ match: [{ uri: { prefix: '/cart' } }] }],
    };
    const header = { name: 'x-canary', value: 'always' };
    assert.deepEqual(stepsOf([{ name: 'shop/cart', settings }], { v2: 100 }, { ...options, header })[1]?.routes, {
      'shop/cart': {
        weights: { v1: 100 },
        http: [
          { match: [{ uri: { prefix: '/cart' }, headers: { 'x-canary': { exact: 'always' } } }], weights: { v2: 100 } },
          { match: [{ uri: { prefix: '/cart' } }] },
        ],
      },
    });
  });

  it('match a cookie, and take no requests from rules with their own destination', () => {
    const admin = { match: [{ uri: { prefix: '/admin' } }], route: [{ destination: { host: 'admin' } }] };
    const settings = { versions: ['v1', 'v2'], weights: { v1: 100 }, http: [admin, { timeout: '3s' }] };
    const cookie = { name: 'canary', value: 'a.b' };
    assert.deepEqual(stepsOf([{ name: 'shop/cart', settings }], { v2: 100 }, { ...options, cookie })[1]?.routes, {
      'shop/cart': {
        weights: { v1: 100 },
        http: [
          admin,
          {
            timeout: '3s',
            match: [{ headers: { cookie: { regex: '^(.*;\\s*)?canary=a\\.b(;.*)?$' } } }],
            weights: { v2: 100 },
          },
          { timeout: '3s' },
        ],
      },
    });
  });

  it('refuse sticky sessions that would open every path of a gateway', () => {
    const rules = [{ match: [{ uri: { prefix: '/cart' } }] }];
    const settings = { gateways: ['edge'], versions: ['v1', 'v2'], weights: { v1: 100 }, http: rules };
    const sticky = { seconds: 60, token: 'x1' };
    assert.throws(() => stepsOf([{ name: 'shop/cart', settings }], { v2: 100 }, { steps: [50, 100], sticky }), {
      message:
        'shop/cart cannot keep clients with their version (sticky): at a gateway that needs a rule of http without a match.',
    });
  });
});
