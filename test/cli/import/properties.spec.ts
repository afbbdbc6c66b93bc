import assert from 'node:assert/strict';
import fc from 'fast-check';
import { comparable } from '../../../cli/import/comparable';
import { imported } from '../../../cli/import/import';
import { intake, type Given, type Intake } from '../../../cli/import/intake';
import { withoutCopies } from '../../../cli/import/input';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { renderMesh } from '../../../mesh/manifests/mesh';
import crds from '../../../policy/schema/crd/istio.generated.json';
import { fieldsIn, fieldsOf, generatedObject, v1Kinds, wholeObject } from './generated';

function taken(objects: readonly KubernetesObject[]): Intake {
  const given: Given[] = objects.map((object) => ({ object, place: 'test' }));
  return withoutCopies(intake(given), ['last']);
}

describe('an import of generated objects', () => {
  const mixes = fc.array(fc.oneof(...v1Kinds.map(generatedObject)), { minLength: 1, maxLength: 6 });
  const options = { file: 'Pulumi.test.yaml', text: undefined, force: false };

  it('makes the same objects and moves no request, whatever fields they have', () => {
    let count = 0;
    fc.assert(
      fc.property(mixes, (objects) => {
        const input = taken(objects);
        fc.pre(input.problems.length === 0 && input.objects.length > 0);
        const { proof, settings } = imported(input, options);
        // The proof compares in the same way, so it could hide its own mistakes.
        const given = new Set(input.objects.map(({ object }) => comparable(object)));
        const made = renderMesh(settings.settings).objects.map(({ object }) => comparable(object));
        assert.deepEqual(new Set(made), given);
        count += made.length;
        const { classes } = proof;
        const same = { differing: [], missing: [], moved: 0, moves: '', traffic: 'same' };
        assert.deepEqual(proof, { objects: made.length, classes, ...same });
      }),
      { numRuns: 500 },
    );
    assert.ok(count >= 500, `${count} objects`);
  });

  it('keeps every field of every kind, also where its value is falsy', () => {
    const leaves = [
      { string: 'x', boolean: true, number: 1, items: 2, choice: 0 },
      { string: '', boolean: false, number: 0, items: 1, choice: 1 },
      { string: '010', boolean: true, number: 1e21, items: 1, choice: 2 },
      { string: 'null', boolean: false, number: 0.5, items: 1, choice: 3 },
    ];
    for (const kind of v1Kinds) {
      for (const values of leaves) {
        const object = wholeObject(kind, values);
        const { settings, proof } = imported(taken([object]), options);
        const [made] = renderMesh(settings.settings).objects;
        assert.deepEqual(made?.object, object);
        assert.equal(proof.traffic, 'same');
      }
    }
  });

  it('covers every kind with a served v1, and every field of it', () => {
    const served = Object.entries(crds.kinds as Record<string, object>).filter(([, versions]) => 'v1' in versions);
    assert.deepEqual(served.map(([name]) => name).sort(), v1Kinds.map((kind) => kind.join('/')).sort());
    for (const kind of v1Kinds) {
      const object = wholeObject(kind, { string: 'x', boolean: true, number: 1, items: 1, choice: 0 });
      assert.deepEqual(fieldsIn(object.spec), fieldsOf(kind));
    }
  });

  it('gives the same bytes for what it renders, for the same input again, and in any order', () => {
    fc.assert(
      fc.property(mixes, (objects) => {
        const input = taken(objects);
        fc.pre(input.problems.length === 0 && input.objects.length > 0);
        const { text, settings } = imported(input, options);
        const rendered = renderMesh(settings.settings).objects.map(({ object }) => object);
        const { secrets } = input;
        assert.equal(imported({ ...taken(rendered), secrets }, options).text, text);
        assert.equal(imported(input, { ...options, text }).text, text);
        assert.equal(imported({ ...input, objects: [...input.objects].reverse() }, options).text, text);
      }),
      { numRuns: 100 },
    );
  });
});
