import assert from 'node:assert/strict';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { check, checkReport } from '../../policy/check';
import { packOptions, shareOptions } from '../../policy/pack/options';
import { object, to, virtualService } from './mesh-objects';

const route = { hosts: ['reviews'], http: [{ route: [to('reviews', 'v1', 90), to('reviews', 'v2', 20)] }] };
const sums = (objects: KubernetesObject[]): string[] =>
  check(objects)
    .filter(({ rule }) => rule === 'weight-sum-100')
    .map(({ kind, namespace, name, path }) => `${kind} ${namespace}/${name} ${path}`);

describe('the gate', () => {
  it('judges the items of a List, and of a List in a List', () => {
    const list = (items: unknown[]): KubernetesObject =>
      ({ apiVersion: 'v1', kind: 'List', metadata: {}, items }) as unknown as KubernetesObject;
    assert.deepEqual(sums([list([list([virtualService('reviews', route)])])]), [
      'VirtualService bookinfo/reviews spec.http[0].route',
    ]);
  });

  it('judges an object whose name the API server generates', () => {
    const unnamed = { ...virtualService('x', route), metadata: { generateName: 'reviews-', namespace: 'bookinfo' } };
    assert.deepEqual(sums([unnamed as unknown as KubernetesObject]), [
      'VirtualService bookinfo/reviews-* spec.http[0].route',
    ]);
  });

  it('judges an object once when it is given twice', () => {
    assert.deepEqual(sums([virtualService('reviews', route), virtualService('reviews', route)]).length, 1);
  });

  for (const reason of ['\u200b', '\u00a0 \u2060', '\ufeff', '...']) {
    it(`does not accept ${JSON.stringify(reason)} as the reason of a waiver`, () => {
      const annotations = { 'policy.meshwright.io/waive.weight-sum-100': reason };
      const { findings, waived } = checkReport([virtualService('reviews', route, { annotations })]);
      assert.deepEqual(
        findings.filter(({ level }) => level === 'mandatory').map(({ rule }) => rule),
        ['waiver', 'weight-sum-100'],
      );
      assert.deepEqual(waived, []);
    });
  }

  it('takes its options from its own configuration, not from the configuration of the program', () => {
    const before = process.env['PULUMI_CONFIG'];
    process.env['PULUMI_CONFIG'] = JSON.stringify({
      'meshwright:policy': '{"rules":{"weight-sum-100":"off"},"maxStep":90}',
    });
    try {
      shareOptions({ rules: { 'host-exists': 'advisory' } });
      assert.deepEqual(packOptions({ rules: { 'crd-only': 'off' } }, new Map([['environment', 'prod']])), {
        environment: 'prod',
        rules: { 'host-exists': 'advisory', 'crd-only': 'off' },
      });
    } finally {
      shareOptions({});
      if (before === undefined) delete process.env['PULUMI_CONFIG'];
      else process.env['PULUMI_CONFIG'] = before;
    }
  });

  it('is advisory about a field when the target is newer than every known schema', () => {
    const newer = object('networking.istio.io/v1', 'DestinationRule', 'a', {
      host: 'a',
      trafficPolicy: { future: {}, tls: { mode: 'DISABLE' } },
    });
    const levels = (istioVersion: string): string[] =>
      check([newer], { istioVersion })
        .filter(({ rule }) => rule === 'object-schema')
        .map(({ level }) => level);
    assert.deepEqual([levels('1.32.0'), levels('1.40.0')], [['mandatory'], ['advisory']]);
  });
});
