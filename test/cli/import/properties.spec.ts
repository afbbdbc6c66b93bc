import assert from 'node:assert/strict';
import fc from 'fast-check';
import { imported } from '../../../cli/import/import';
import { intake, type Given, type Intake } from '../../../cli/import/intake';
import { withoutCopies } from '../../../cli/import/input';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { renderMesh } from '../../../mesh/manifests/mesh';
import { generatedObject, v1Kinds, wholeObject } from './generated';

function taken(objects: readonly KubernetesObject[]): Intake {
  const given: Given[] = objects.map((object) => ({ object, place: 'test' }));
  return withoutCopies(intake(given), ['last']);
}

describe('an import of generated objects', () => {
  const mixes = fc.array(fc.oneof(...v1Kinds.map(generatedObject)), { minLength: 1, maxLength: 6 });
  const options = { file: 'Pulumi.test.yaml', text: undefined, force: false };

  it('makes the same objects and moves no request, whatever fields they have', () => {
    fc.assert(
      fc.property(mixes, (objects) => {
        const input = taken(objects);
        if (input.problems.length > 0 || input.objects.length === 0) return;
        const { proof } = imported(input, options);
        assert.deepEqual(
          { ...proof, classes: 0 },
          {
            objects: input.objects.length,
            differing: [],
            missing: [],
            classes: 0,
            moved: 0,
            moves: '',
            traffic: 'same',
          },
        );
      }),
      { numRuns: 500 },
    );
  });

  it('keeps every field of every kind, also where its value is falsy', () => {
    const leaves = [
      { string: 'x', boolean: true, number: 1, items: 2 },
      { string: '', boolean: false, number: 0, items: 1 },
      { string: '010', boolean: true, number: 1e21, items: 1 },
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

  it('gives the same bytes for what it renders, for the same input again, and in any order', () => {
    fc.assert(
      fc.property(mixes, (objects) => {
        const input = taken(objects);
        if (input.problems.length > 0 || input.objects.length === 0) return;
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
