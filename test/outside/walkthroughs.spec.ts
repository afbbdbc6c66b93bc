import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imported, type Placed } from '../../cli/import/import';
import { givenByFiles, withoutCopies } from '../../cli/import/input';
import { intake, type Intake } from '../../cli/import/intake';
import { labDown, labUp, type Lab } from '../../cluster/lab';
import { renderMesh } from '../../mesh/manifests/mesh';
import { projectRoot } from '../../runtime/project-root';
import { installIstioCrds } from '../cluster/lab/istio-crds';
import { START_TIMEOUT_MS } from '../cluster/lab/support';
import { firstUpdate } from '../real/pulumi/support/first-update';
import { RealStack } from '../real/pulumi/support/real-stack';

const folder = process.env['WALKTHROUGHS'] ?? join(projectRoot, '..', 'shared', 'data', 'walkthroughs');

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
  before(() => {
    if (!existsSync(folder)) throw new Error(`no walkthroughs in ${folder}: set WALKTHROUGHS to their folder`);
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

describe("the first update of the walkthroughs' meshes, with the real Pulumi on a real API server", function () {
  this.timeout(600_000);
  const root = mkdtempSync(join(tmpdir(), 'meshwright-lab-'));
  const stacks: RealStack[] = [];
  let lab: Lab;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    lab = await labUp({ root, log: (line) => console.log(`      ${line}`) });
    await installIstioCrds(lab);
  });

  after(async () => {
    await labDown({ root, log: () => undefined, purge: true });
    rmSync(root, { recursive: true, force: true });
    for (const stack of stacks) stack.remove();
  });

  it('creates, replaces and deletes nothing, and does not write routes', async () => {
    const systems = readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory());
    for (const system of systems) {
      const all = taken([join(folder, system)]);
      // The lab serves Kubernetes and Istio. Pods are other tests' matter.
      const objects = all.objects.filter(({ object }) => /\.istio\.io\//.test(object.apiVersion));
      const stack = new RealStack(lab, `system-${system}`);
      stacks.push(stack);
      const { operations, written, changed, second } = await firstUpdate(lab, stack, { ...all, objects });
      console.log(
        `      ${system}: ${objects.length} objects, ${JSON.stringify(operations)}, ${written.length} written`,
      );
      assert.deepEqual(
        Object.keys(operations).filter((op) => op !== 'import' && op !== 'update'),
        [],
      );
      assert.deepEqual({ changed, second }, { changed: [], second: [] });
      assert.deepEqual(
        written.filter((title) => /^(?:VirtualService|DestinationRule) /.test(title)),
        [],
      );
      assert.ok((await stack.run('destroy')).succeeded);
    }
  });
});
