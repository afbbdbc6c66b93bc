import assert from 'node:assert/strict';
import { without } from '../../../mesh/json';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { weightsOf, withoutWeights, withWeightsOf } from '../../../mesh/manifests/route-weights';

interface Rule {
  name?: string;
  match?: object[];
  route?: object[];
  redirect?: object;
}

function virtualService(...http: Rule[]): KubernetesObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'reviews', namespace: 'bookinfo' },
    spec: { hosts: ['reviews'], http },
  };
}

function split(weights: Record<string, number | undefined>): object[] {
  return Object.entries(weights).map(([subset, weight]) => ({
    destination: { host: 'reviews', subset },
    ...(weight === undefined ? {} : { weight }),
  }));
}

const jason = { match: [{ headers: { 'end-user': { exact: 'jason' } } }], route: split({ v2: undefined }) };
const beta = {
  match: [{ uri: { prefix: '/beta' }, port: 80 }, { uri: { prefix: '/next' } }],
  route: split({ v3: 100 }),
};
const rest = { route: split({ v1: 90, v3: 10 }) };

describe('the weights of a VirtualService', () => {
  it('are those of its only rule', () => {
    assert.deepEqual(weightsOf(virtualService(rest)), { v1: 90, v3: 10 });
    assert.deepEqual(weightsOf(virtualService({ route: split({ v1: undefined }) })), { v1: 100 });
    assert.deepEqual(weightsOf(virtualService({ route: [{ destination: { host: 'other' } }] })), { other: 100 });
  });

  it('are by rule if there are several, and removing a rule does not rename the others', () => {
    const named = { name: 'canary', match: [{ uri: { regex: '.*' } }], route: split({ v3: 100 }) };
    const all = {
      'headers.end-user exact jason': { v2: 100 },
      'uri prefix /beta, port 80 or uri prefix /next': { v3: 100 },
      canary: { v3: 100 },
      'everything else': { v1: 90, v3: 10 },
    };
    assert.deepEqual(weightsOf(virtualService(jason, beta, named, rest)), all);
    assert.deepEqual(weightsOf(virtualService(jason, beta, rest)), without(all, 'canary'));
  });

  it('keep rules of the same name apart, and leave out rules without destinations', () => {
    const redirect = { match: [{ uri: { exact: '/' } }], redirect: { uri: '/home' } };
    assert.deepEqual(weightsOf(virtualService(redirect, rest, { route: split({ v2: 100 }) })), {
      'everything else': { v1: 90, v3: 10 },
      'everything else (2)': { v2: 100 },
    });
    assert.deepEqual(weightsOf(virtualService(redirect)), {});
  });

  it('come from another VirtualService, rule by rule, in any order of its rules', () => {
    const moved = virtualService({ route: split({ v1: 40, v3: 60 }) }, { ...beta, route: split({ v3: 7 }) });
    assert.deepEqual(
      withWeightsOf(virtualService(beta, { ...rest, timeout: '1s' } as Rule), moved),
      virtualService({ ...beta, route: split({ v3: 7 }) }, { route: split({ v1: 40, v3: 60 }), timeout: '1s' } as Rule),
    );
  });

  it('stay where the other VirtualService has no such rule, or other destinations', () => {
    const stated = virtualService(jason, rest);
    assert.deepEqual(withWeightsOf(stated, virtualService(beta, { route: split({ v1: 40, v2: 60 }) })), stated);
  });

  it('can be left out, to compare everything else', () => {
    assert.deepEqual(
      withoutWeights(virtualService(jason, rest)),
      virtualService(jason, { route: split({ v1: undefined, v3: undefined }) }),
    );
  });
});
