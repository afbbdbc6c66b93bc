import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { imported, type Placed } from '../../../cli/import/import';
import { givenByFiles, withoutCopies } from '../../../cli/import/input';
import { intake, type Intake } from '../../../cli/import/intake';
import { renderMesh } from '../../../mesh/manifests/mesh';
import { projectRoot } from '../../../runtime/project-root';

const folder = join(projectRoot, '..', 'shared', 'data', 'walkthroughs');

function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return /\.(ya?ml|json)$/.test(path) ? [path] : [];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

function taken(paths: readonly string[]): Intake {
  return withoutCopies(intake(givenByFiles(paths, false)), ['last']);
}

const options = { file: 'Pulumi.test.yaml', text: undefined, force: false };
const routing = ({ kind }: Placed): boolean => kind === 'VirtualService' || kind === 'DestinationRule';

describe('an import of the walkthroughs', () => {
  before(function () {
    if (existsSync(folder)) return;
    console.log(`      no walkthroughs in ${relative(projectRoot, folder)}: skipped`);
    this.skip();
  });

  it('makes the same objects and moves no request, file by file and system by system; all routing is in the frame', () => {
    const systems = readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory());
    const inputs = [...filesBelow(folder), ...systems.map((name) => join(folder, name))];
    const outside: string[] = [];
    for (const input of inputs) {
      const { proof, placed } = imported(taken([input]), options);
      const { objects, classes } = proof;
      assert.ok(objects > 0 && classes > 0);
      const expected = { objects, classes, differing: [], missing: [], moved: 0, moves: '', traffic: 'same' };
      assert.deepEqual(proof, expected, input);
      outside.push(
        ...placed.filter((one) => routing(one) && one.is !== 'frame').map(({ title }) => `${input} ${title}`),
      );
    }
    assert.deepEqual(outside, []);
  });

  it('comes to the same bytes again from what it renders', () => {
    for (const file of filesBelow(folder)) {
      const input = taken([file]);
      const { text, settings } = imported(input, options);
      const { existingNamespaces, objects } = renderMesh(settings.settings);
      const given = new Set(input.objects.map(({ object }) => `${object.kind} ${object.metadata.name}`));
      // A namespace that the input only names is rendered without labels.
      const namespaces = existingNamespaces.filter(({ object }) => given.has(`Namespace ${object.metadata.name}`));
      const rendered = [...namespaces, ...objects].map(({ object }) => ({ object, place: 'rendered' }));
      assert.equal(imported(intake(rendered), options).text, text, file);
    }
  });
});
