import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';

/** Manifests of the walkthroughs. They are not part of the project; without them the tests that compare with them skip. */
const folder = join(__dirname, '..', '..', '..', 'shared', 'data', 'walkthroughs');

/** Skips the test, with the reason, if the manifests do not exist. */
export function needsWalkthroughs(context: Mocha.Context): void {
  if (existsSync(folder)) return;
  console.log(`      skipped: no manifests to compare with in ${relative(process.cwd(), folder)}`);
  context.skip();
}

/** Every manifest file, relative to the folder. */
export function walkthroughFiles(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ya?ml$/.test(file))
    .sort();
}

/** The objects of one file. */
export function walkthroughObjects(file: string): KubernetesObject[] {
  return parseAllDocuments(readFileSync(join(folder, file), 'utf8'))
    .map((document) => document.toJS() as KubernetesObject | null)
    .filter((object) => object !== null);
}
