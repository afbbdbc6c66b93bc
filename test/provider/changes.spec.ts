import assert from 'node:assert/strict';
import * as pulumi from '@pulumi/pulumi';
import { refuseChange } from '../../components/change-guard';
import type { KubernetesObject } from '../../components/manifests/kubernetes';

const networking = (kind: string, spec: Record<string, unknown>): KubernetesObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind,
  metadata: { name: 'reviews', namespace: 'bookinfo' },
  spec,
});
const route = (weights: Record<string, number>): KubernetesObject =>
  networking('VirtualService', {
    hosts: ['reviews'],
    http: [
      {
        route: Object.entries(weights).map(([subset, weight]) => ({
          destination: { host: 'reviews', subset },
          weight,
        })),
      },
    ],
  });
const rule = (...versions: string[]): KubernetesObject =>
  networking('DestinationRule', {
    host: 'reviews',
    subsets: versions.map((version) => ({ name: version, labels: { version } })),
  });

/** What a change is refused with; undefined when it is let through. */
function refusal(...args: Parameters<typeof refuseChange>): string | undefined {
  try {
    refuseChange(...args);
    return undefined;
  } catch (error) {
    assert.ok(pulumi.RunError.isInstance(error));
    return error.message;
  }
}

describe('the guard over changes', () => {
  it('lets a weight move as far as the stack allows', () => {
    const change = { old: route({ v1: 90, v3: 10 }), now: route({ v1: 70, v3: 30 }) };
    assert.equal(refusal([change], { maxStep: 20 }), undefined);
  });

  it('refuses a weight that moves further', () => {
    const change = { old: route({ v1: 90, v3: 10 }), now: route({ v1: 60, v3: 40 }) };
    assert.equal(
      refusal([change], { maxStep: 20 }),
      [
        'this change is refused',
        '  VirtualService bookinfo/reviews, spec.http[0].route[1].weight: reviews subset v3 would go from 10 to 40 at once, by 30; allowed are steps of 20 (maxStep). Go in several updates (weight-step-limit)',
      ].join('\n'),
    );
    assert.equal(refusal([change], { maxStep: 20, rules: { 'weight-step-limit': 'off' } }), undefined);
    assert.equal(refusal([change], { maxStep: 20, rules: { 'weight-step-limit': 'advisory' } }), undefined);
  });

  it('refuses to drop a subset from a rule while the route that is being replaced uses it', () => {
    const shift = { old: route({ v1: 90, v3: 10 }), now: route({ v1: 100 }) };
    const drop = { old: rule('v1', 'v3'), now: rule('v1') };
    assert.equal(
      refusal([shift, drop], {}),
      [
        'this change is refused',
        '  DestinationRule bookinfo/reviews, spec.subsets: subset "v3" of reviews.bookinfo.svc.cluster.local is dropped, although VirtualService bookinfo/reviews sent requests to it until now: they fail with 503 until every proxy knows the new route. Shift its traffic first, and drop it in the next update (subset-removal-in-use)',
      ].join('\n'),
    );
    assert.equal(refusal([{ old: shift.now, now: shift.now }, drop], {}), undefined);
  });
});
