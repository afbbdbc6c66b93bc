import assert from 'node:assert/strict';
import type { Finding } from '../../../policy/finding';
import type { Rule } from '../../../policy/rule';
import { weightExplicit } from '../../../policy/rules/weight-explicit';
import { weightRange } from '../../../policy/rules/weight-range';
import { weightSingle } from '../../../policy/rules/weight-single';
import { weightSum100 } from '../../../policy/rules/weight-sum-100';
import { judge } from '../judge';

const reviews = { kind: 'VirtualService', namespace: 'bookinfo', name: 'reviews' };

/** A VirtualService whose only rule, of the given protocol, has these weights; '-' states none. */
function weights(list: string[], { protocol = 'http', version = 'v1' } = {}): string {
  const match = protocol === 'tls' ? 'match: [{ sniHosts: [reviews] }], ' : '';
  const destinations = list.map((weight, index) => {
    const stated = weight === '-' ? '' : `, weight: ${weight}`;
    return `{ destination: { host: reviews, subset: v${index + 1} }${stated} }`;
  });
  return `
apiVersion: networking.istio.io/${version}
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec: { hosts: [reviews], ${protocol}: [{ ${match}route: [${destinations.join(', ')}] }] }`;
}

function places(rule: Rule, yaml: string): string[] {
  return judge(rule, yaml).map(({ path, level }) => `${level} ${path}`);
}

describe('weight-sum-100', () => {
  it('reports the sum, the weights and what Istio would make of them', () => {
    const expected: Finding[] = [
      {
        rule: 'weight-sum-100',
        level: 'mandatory',
        ...reviews,
        path: 'spec.http[0].route',
        message:
          'weights must sum to 100, these sum to 110 (v1 90, v2 20); Istio would scale them to v1 81.8 %, v2 18.2 %',
        istio: 'IST0106',
      },
    ];
    assert.deepEqual(judge(weightSum100, weights(['90', '20'])), expected);
  });

  for (const protocol of ['http', 'tcp', 'tls']) {
    for (const version of ['v1', 'v1beta1', 'v1alpha3']) {
      it(`holds for ${protocol} in ${version}`, () => {
        assert.deepEqual(places(weightSum100, weights(['60', '60'], { protocol, version })), [
          `mandatory spec.${protocol}[0].route`,
        ]);
        assert.deepEqual(places(weightSum100, weights(['60', '40'], { protocol, version })), []);
      });
    }
  }

  it('counts a missing weight as 0, like Istio', () => {
    assert.deepEqual(places(weightSum100, weights(['60', '-'])), ['mandatory spec.http[0].route']);
    assert.deepEqual(places(weightSum100, weights(['100', '-'])), []);
  });

  it('says that Istio refuses a route whose weights are all 0', () => {
    const [finding] = judge(weightSum100, weights(['0', '0']));
    assert.equal(
      finding?.message,
      'weights must sum to 100, these sum to 0 (v1 0, v2 0); Istio refuses a route whose weights are all 0',
    );
  });

  it('leaves single destinations and invalid weights to other rules', () => {
    assert.deepEqual(places(weightSum100, weights(['50'])), []);
    assert.deepEqual(places(weightSum100, weights(['-5', '105'])), []);
    assert.deepEqual(places(weightSum100, weights(['33.3', '66.7'])), []);
  });

  it('ignores a VirtualService of another API group', () => {
    assert.deepEqual(places(weightSum100, weights(['60', '60']).replace('networking.istio.io', 'example.com')), []);
  });
});

describe('weight-range', () => {
  for (const weight of ['-5', '105', '33.3', '"90"', '.nan', '.inf', 'true', '[50]']) {
    it(`refuses ${weight}`, () => {
      assert.deepEqual(places(weightRange, weights([weight, '50'])), ['mandatory spec.http[0].route[0].weight']);
    });
  }

  it('quotes the value and what is allowed', () => {
    const [finding] = judge(weightRange, weights(['"90"', '10']));
    assert.equal(finding?.message, '"90" is not a weight; allowed is a whole number from 0 to 100');
  });

  it('accepts 0, 100, and a missing weight', () => {
    assert.deepEqual(places(weightRange, weights(['0', '100', '-', 'null'])), []);
  });

  it('also checks a single destination', () => {
    assert.deepEqual(places(weightRange, weights(['-1'])), ['mandatory spec.http[0].route[0].weight']);
  });
});

describe('weight-explicit', () => {
  it('asks for the weight of each of several destinations', () => {
    assert.deepEqual(places(weightExplicit, weights(['-', '100', 'null'])), [
      'mandatory spec.http[0].route[0].weight',
      'mandatory spec.http[0].route[2].weight',
    ]);
  });

  it('accepts 0, and a single destination without a weight', () => {
    assert.deepEqual(places(weightExplicit, weights(['0', '100'])), []);
    assert.deepEqual(places(weightExplicit, weights(['-'])), []);
  });
});

describe('weight-single', () => {
  it('refuses 0, which has no effect on a single destination', () => {
    assert.deepEqual(places(weightSingle, weights(['0'])), ['mandatory spec.http[0].route[0].weight']);
  });

  it('advises against any other number than 100', () => {
    assert.deepEqual(places(weightSingle, weights(['50'])), ['advisory spec.http[0].route[0].weight']);
  });

  it('accepts 100, no weight, and several destinations', () => {
    assert.deepEqual(places(weightSingle, weights(['100'])), []);
    assert.deepEqual(places(weightSingle, weights(['-'])), []);
    assert.deepEqual(places(weightSingle, weights(['0', '100'])), []);
  });

  it('leaves a number that is not a weight to weight-range', () => {
    assert.deepEqual(places(weightSingle, weights(['-1'])), []);
  });
});
