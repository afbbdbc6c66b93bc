import assert from 'node:assert/strict';
import { routeProblems } from './support';

const single = 'a weight must be a whole number from 0 to 100, or "rest"';
const at = (below: string) => `meshwright:routes.bookinfo.reviews.${below}`;

function weightProblems(weights: unknown, versions: unknown = ['v1', 'v2', 'v3']) {
  return routeProblems({ reviews: { versions, weights } });
}

describe('weights in a stack file', () => {
  it('may be whole percentages that sum to 100, or leave the rest to one version', () => {
    for (const weights of [{ v1: 90, v3: 10 }, { v1: 'rest', v3: 10 }, { v1: 100 }, { v1: 100, v2: 0 }, { v1: 'rest' }])
      assert.deepEqual(weightProblems(weights), []);
  });

  it('fail with another sum', () => {
    const weights = { v1: 90, v3: 20 };
    const message = 'weights must sum to 100, these sum to 110: v1 90, v3 20; change one of them, or make it "rest"';
    assert.deepEqual(weightProblems(weights), [{ path: at('weights'), value: weights, message }]);
  });

  it('fail one by one outside 0 to 100', () => {
    assert.deepEqual(weightProblems({ v1: -5, v3: 105 }), [
      { path: at('weights.v1'), value: -5, message: single },
      { path: at('weights.v3'), value: 105, message: single },
    ]);
  });

  it('fail one by one if they are not whole numbers', () => {
    assert.deepEqual(weightProblems({ v1: 33.3, v3: 66.7 }), [
      { path: at('weights.v1'), value: 33.3, message: single },
      { path: at('weights.v3'), value: 66.7, message: single },
    ]);
  });

  it('fail with two rests', () => {
    const weights = { v1: 'rest', v2: 'rest', v3: 10 };
    const message = 'at most one version can be "rest"; here "v1" and "v2" are';
    assert.deepEqual(weightProblems(weights), [{ path: at('weights'), value: weights, message }]);
  });

  it('fail when nothing is left for the rest', () => {
    const weights = { v1: 'rest', v2: 60, v3: 60 };
    const message = 'the weights beside "rest" must not exceed 100, these sum to 120: v1 rest, v2 60, v3 60';
    assert.deepEqual(weightProblems(weights), [{ path: at('weights'), value: weights, message }]);
  });

  it('fail as strings, with a hint about quotes', () => {
    assert.deepEqual(weightProblems({ v1: '90', v3: 10 }), [
      { path: at('weights.v1'), value: '90', message: single, hint: 'quotes make it a string: write 90' },
    ]);
  });

  it('fail as a misspelt rest, with a suggestion', () => {
    assert.deepEqual(weightProblems({ v1: 'rset', v3: 10 }), [
      { path: at('weights.v1'), value: 'rset', message: single },
    ]);
    assert.deepEqual(weightProblems({ v1: 'Rest', v3: 10 }), [
      { path: at('weights.v1'), value: 'Rest', message: single, hint: 'did you mean "rest"?' },
    ]);
  });

  it('fail for no version at all', () => {
    const message = 'weights must name at least one version';
    assert.deepEqual(weightProblems({}), [{ path: at('weights'), value: {}, message }]);
  });

  it('fail for an unknown version, in addition to the sum', () => {
    const weights = { 'v1-stable': 90, v4: 20 };
    assert.deepEqual(weightProblems(weights, { 'v1-stabel': {}, v2: {} }), [
      {
        path: at('weights'),
        value: weights,
        message:
          'weights must sum to 100, these sum to 110: v1-stable 90, v4 20; change one of them, or make it "rest"',
      },
      {
        path: at('weights.v1-stable'),
        value: 90,
        message: 'reviews has no version "v1-stable"; its versions are v1-stabel, v2',
        hint: 'did you mean "v1-stabel"?',
      },
      { path: at('weights.v4'), value: 20, message: 'reviews has no version "v4"; its versions are v1-stabel, v2' },
    ]);
  });

  it('fail without versions', () => {
    const message = 'weights need versions: add versions: [v1, v3] to reviews';
    assert.deepEqual(routeProblems({ reviews: { weights: { v1: 90, v3: 10 } } }), [
      { path: at('weights'), value: { v1: 90, v3: 10 }, message },
    ]);
  });

  it('are checked in every rule of http, tcp and tls', () => {
    const rule = { weights: { v1: 50, v2: 60 } };
    const tls = { ...rule, match: [{ sniHosts: ['reviews'] }] };
    const message = 'weights must sum to 100, these sum to 110: v1 50, v2 60; change one of them, or make it "rest"';
    assert.deepEqual(
      routeProblems({ reviews: { versions: ['v1', 'v2'], http: [{}, rule], tcp: [rule], tls: [tls] } }),
      ['http[1]', 'tcp[0]', 'tls[0]'].map((list) => ({ path: at(`${list}.weights`), value: rule.weights, message })),
    );
  });

  it('fail together with a field that they replace', () => {
    const weights = { v1: 100 };
    const answers = {
      route: [{ destination: { host: 'reviews' } }],
      redirect: { uri: '/' },
      directResponse: { status: 200 },
      delegate: { name: 'other' },
    };
    const http = Object.entries(answers).map(([key, value]) => ({ weights, [key]: value }));
    assert.deepEqual(
      routeProblems({ reviews: { versions: ['v1'], http } }),
      Object.keys(answers).map((key, index) => ({
        path: at(`http[${index}].weights`),
        value: weights,
        message: `weights and ${key} in one rule: weights replace ${key}, so keep one of them`,
      })),
    );
  });
});

describe('versions in a stack file', () => {
  it('fail as an empty list', () => {
    const message = 'must name at least one version; remove the key for none';
    assert.deepEqual(routeProblems({ reviews: { versions: [] } }), [{ path: at('versions'), value: [], message }]);
  });

  it('fail when one is listed twice', () => {
    const message = 'version "v1" is listed already; list each once';
    assert.deepEqual(routeProblems({ reviews: { versions: ['v1', 'v2', 'v1'] } }), [
      { path: at('versions[2]'), value: 'v1', message },
    ]);
  });

  it('fail as numbers, with a hint about quotes', () => {
    assert.deepEqual(routeProblems({ reviews: { versions: [1, 'v2'] } }), [
      { path: at('versions[0]'), value: 1, message: 'must be a string', hint: 'put it in quotes: "1"' },
    ]);
  });

  it('fail as neither a list nor a map', () => {
    assert.deepEqual(routeProblems({ reviews: { versions: 'v1' } }), [
      { path: at('versions'), value: 'v1', message: 'must be a list or a map' },
    ]);
  });

  it('fail with invalid settings of a version', () => {
    const versions = { v1: { lables: {} }, v2: { labels: { version: 2 } } };
    assert.deepEqual(routeProblems({ reviews: { versions, weights: { v1: 100 } } }), [
      {
        path: at('versions.v1.lables'),
        value: {},
        message: 'unknown key; the keys here are host, headers, labels, trafficPolicy, name',
        hint: 'did you mean "labels"?',
      },
      {
        path: at('versions.v2.labels.version'),
        value: 2,
        message: 'must be a string',
        hint: 'put it in quotes: "2"',
      },
    ]);
  });
});
