import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { check, checkReport } from '../../../policy/check';
import { compareFindings } from '../../../policy/finding';
import { rules } from '../../../policy/rules';
import { weightExplicit } from '../../../policy/rules/weight-explicit';
import { weightRange } from '../../../policy/rules/weight-range';
import { weightSingle } from '../../../policy/rules/weight-single';
import { weightSum100 } from '../../../policy/rules/weight-sum-100';

interface IstiodCase {
  id: number;
  name: string;
  object: KubernetesObject;
  valid: boolean;
  errors: string[];
}

const file = join(__dirname, '..', '..', '..', '..', 'shared', 'data', 'istiod-validation-cases.json');
const weights = [weightSum100, weightRange, weightExplicit, weightSingle].map(({ id }) => id);

describe("istiod's own verdict on 692 objects", function () {
  let cases: IstiodCase[] = [];

  before(function () {
    if (!existsSync(file)) {
      console.log(`      skipped: ${file} is not there`);
      this.skip();
    }
    cases = (JSON.parse(readFileSync(file, 'utf8')) as { cases: IstiodCase[] }).cases;
    assert.equal(cases.length, 692);
  });

  it('finds every object that istiod refuses, by object-schema or a weight rule', () => {
    const missed = cases.filter(({ valid, object }) => !valid && !mandatory(object, ['object-schema', ...weights]));
    assert.deepEqual(missed.map(described), []);
  });

  it('finds the same in many objects as in each alone, with rules for single objects', () => {
    const single = rules.filter((rule) => rule.single);
    // A name for each object, so that findings can be assigned.
    const objects = cases.map(({ id, object }) => ({
      ...object,
      metadata: { ...object.metadata, name: `case-${id}` },
    }));
    const alone = objects.flatMap((object) => checkReport([object], {}, { rules: single }).findings);
    const together = checkReport(objects, {}, { rules: single }).findings;
    assert.ok(together.length > 390);
    assert.deepEqual(together, alone.sort(compareFindings));
  });

  it('finds no schema problem in objects that istiod accepts', () => {
    const accused = cases.filter(({ valid, object }) => valid && mandatory(object, ['object-schema']));
    assert.deepEqual(accused.map(described), []);
  });

  it('refuses only these objects that istiod accepts, by rules other than object-schema', () => {
    const stricter = cases
      .filter(({ valid }) => valid)
      .flatMap(({ id, object }) =>
        check([object])
          .filter(({ level, rule }) => level === 'mandatory' && [...weights, 'crd-only'].includes(rule))
          .map(({ rule, path }) => `${id} ${rule} ${path}`),
      );
    assert.deepEqual(stricter, [
      // The API server requires fields and types that istiod does not.
      '29 crd-only spec.servers[0].port.number',
      '45 crd-only spec.servers[0].tls.tlsCertificates',
      '64 crd-only spec.servers[0].tls.tlsCertificates',
      // Weights above 100, sums other than 100, and a missing weight next to another.
      '168 weight-range spec.http[0].route[0].weight',
      '168 weight-range spec.http[0].route[1].weight',
      '169 weight-sum-100 spec.http[0].route',
      '207 weight-range spec.tcp[0].route[0].weight',
      '207 weight-range spec.tcp[0].route[1].weight',
      '208 weight-sum-100 spec.tcp[0].route',
      '209 weight-explicit spec.tcp[0].route[1].weight',
      // A number in quotes.
      '303 crd-only spec.trafficPolicy.loadBalancer.consistentHash.minimumRingSize',
      '655 weight-sum-100 spec.http[0].route',
      '656 weight-sum-100 spec.http[0].route',
      // An unquoted IPv6 address, which YAML reads as a map.
      '735 crd-only spec.addresses[1]',
    ]);
  });
});

function mandatory(object: KubernetesObject, rules: string[]): boolean {
  return check([object]).some(({ level, rule }) => level === 'mandatory' && rules.includes(rule));
}

function described({ id, name, errors }: IstiodCase): string {
  return `${id} ${name}: ${errors.join('; ')}`;
}
