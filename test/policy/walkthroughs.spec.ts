import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { objectKey, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { check } from '../../policy/check';
import { objects } from './judge';

const root = join(__dirname, '..', '..', '..', 'shared', 'data', 'walkthroughs');

/**
 * The mall's generated rules give both subsets the labels `app: <name>` alone, so that any weight between stable and
 * canary has the same effect.
 */
const sameSubsets = ['delivery', 'order', 'product'].map((name) => `subset-overlap DestinationRule destrule-${name}`);
/** The folder has the mall's Gateway twice, under its name in the repository and under its name in the course. */
const twoGateways = ['main-gw', 'mallbasic'].map((name) => `gateway-conflict Gateway ${name}`);

/** All mandatory findings, all of them correct: in a single file, and in a walkthrough as a whole. */
const ofFiles = {
  '000/acmexii_mallbasic/kubernetes/template/istio.yml': sameSubsets,
  '000/main-gw.yml': sameSubsets,
};
const together: Record<string, string[]> = { '000': [...sameSubsets, ...twoGateways] };

describe('the manifests of the walkthroughs', function () {
  before(function () {
    if (existsSync(root)) return;
    console.log('      skipped: the walkthroughs are not beside this checkout');
    this.skip();
  });

  it('get only correct mandatory findings, file by file', () => {
    const told = manifests().flatMap((file) => {
      const found = mandatory(objectsIn(file));
      return found.length === 0 ? [] : [[relative(root, file), found] as const];
    });
    assert.deepEqual(Object.fromEntries(told), ofFiles);
  });

  for (const walkthrough of ['000', '001', '002', '003', '004']) {
    it(`get only correct ones together: ${walkthrough}`, () => {
      const files = manifests().filter((file) => relative(root, file).startsWith(walkthrough));
      // If they are applied one after the other, the last object of a name wins.
      const applied = new Map(files.flatMap(objectsIn).map((object) => [objectKey(object), object]));
      assert.deepEqual(mandatory([...applied.values()]).sort(), [...(together[walkthrough] ?? [])].sort());
    });
  }
});

function manifests(): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => join(root, name))
    .sort();
}

function objectsIn(file: string): KubernetesObject[] {
  return (objects(readFileSync(file, 'utf8')) as unknown[]).filter(
    (object): object is KubernetesObject => typeof object === 'object' && object !== null,
  );
}

function mandatory(given: readonly KubernetesObject[]): string[] {
  return check(given)
    .filter(({ level }) => level === 'mandatory')
    .map(({ rule, kind, name }) => `${rule} ${kind} ${name}`);
}
