import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { checkMesh } from '../../config/check-mesh';
import { withoutEncryptedObjects } from '../../config/encrypted';
import { parseStackText } from '../../config/stack-text';
import { readKubernetesYaml } from '../../config/yaml';
import { isMap } from '../../mesh/json';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { renderMesh } from '../../mesh/manifests/mesh';
import { type Random, seededRandom } from '../../mesh/traffic/explanation';
import { effectiveSplits } from '../../mesh/traffic/splits';
import { stackTraffic } from '../../mesh/traffic/stack-objects';
import { checkReport } from '../../policy/check';
import { projectRoot } from '../../runtime/project-root';
import { everything } from './everything';
import { mutated, mutatedText, pick } from './mutate';
import { partsOf, plausible } from './plausible';

/** A case in which the code threw, or took too long. */
export interface FuzzFailure {
  /** Seed and number of the case, to run it again. */
  seed: number;
  index: number;
  input: string;
  error: string;
}

export interface FuzzResult {
  cases: number;
  /** Number of accepted cases: a fuzzer that makes only garbage tests little. */
  accepted: number;
  failures: FuzzFailure[];
}

/** Longest processor time for one case, in milliseconds. Wall-clock time would depend on other programs. */
const caseTimeoutMs = 5000;

/** Reads, checks and renders changed stack files. Every one must be accepted or refused with problems; none may throw. */
export function fuzzStackFiles(count: number, seed: number, take?: (objects: KubernetesObject[]) => void): FuzzResult {
  const stacks = stackFiles();
  const parts = partsOf(stacks);
  return run(count, seed, (random) => {
    const stack = pick(stacks, random);
    // Half of the files are changed so that many stay valid, since only their objects can be tried on an API server.
    if (random() < 0.5) {
      const input = stringify(plausible(stack, parts, random));
      return { input, judge: () => judgeStackFile(input, take) };
    }
    const text = stringify(mutated(stack, random));
    const input = random() < 0.2 ? mutatedText(text, random) : text;
    return { input, judge: () => judgeStackFile(input, take) };
  });
}

/** Whether the stack file is accepted. */
function judgeStackFile(text: string, take: ((objects: KubernetesObject[]) => void) | undefined): boolean {
  const parsed = parseStackText(text, 'Pulumi.fuzz.yaml');
  if ('problems' in parsed) return false;
  const { problems, mesh } = checkMesh(parsed.settings, parsed.policy, parsed.source);
  for (const { message } of problems) refuseCrash(message);
  effectiveSplits(stackTraffic(parsed.settings));
  const objects = [...mesh.existingNamespaces, ...mesh.objects].map(({ object }) => object);
  stringify(objects);
  if (problems.length > 0) return false;
  const { mesh: deployed } = withoutEncryptedObjects(mesh);
  take?.([...deployed.existingNamespaces, ...deployed.objects].map(({ object }) => object));
  return true;
}

/** Reads and checks changed Kubernetes objects, and follows their routes. Nothing may throw, and no rule may fail. */
export function fuzzObjects(count: number, seed: number): FuzzResult {
  const sets = stackFiles().map(objectsOf);
  return run(count, seed, (random) => {
    const objects = pick(sets, random) ?? [];
    const chosen = objects.filter(() => random() < 0.4);
    const texts = chosen.map((object) => stringify(random() < 0.5 ? mutated(object, random) : object));
    const text = texts.join('---\n');
    const input = random() < 0.2 ? mutatedText(text, random) : text;
    return { input, judge: () => judgeObjects(input) };
  });
}

/** Whether every document is an object. */
function judgeObjects(text: string): boolean {
  const documents = readKubernetesYaml(text);
  const values = documents.map(({ value }) => value).filter((value) => value !== null && value !== undefined);
  const objects = values.filter(isObject);
  for (const { message } of checkReport(objects, {}).findings) refuseCrash(message);
  effectiveSplits({ objects });
  return objects.length === values.length && documents.every(({ problems }) => problems.length === 0);
}

/** Decides like the commands. */
function isObject(value: unknown): value is KubernetesObject {
  if (!isMap(value) || !isMap(value['metadata'])) return false;
  const { apiVersion, kind, metadata } = value;
  const texts = [apiVersion, kind, metadata['name']];
  return texts.every((text) => typeof text === 'string' && text !== '');
}

/** A rule that throws is reported as a finding. */
function refuseCrash(message: string): void {
  if (/rule could not finish|rule crashed/.test(message)) throw new Error(message);
}

interface Case {
  input: string;
  judge: () => boolean;
}

function run(count: number, seed: number, make: (random: Random) => Case): FuzzResult {
  const result: FuzzResult = { cases: count, accepted: 0, failures: [] };
  for (let index = 0; index < count; index += 1) {
    const { input, judge } = make(seededRandom(seed * 1_000_003 + index));
    const started = process.cpuUsage();
    try {
      if (judge()) result.accepted += 1;
      const took = process.cpuUsage(started).user / 1000;
      if (took > caseTimeoutMs) throw new Error(`took ${Math.round(took)} ms`);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      result.failures.push({ seed, index, input, error: text.split('\n').slice(0, 6).join('\n') });
    }
  }
  return result;
}

/** The stack files to start from: the project's own, the bases of its samples, and one with keys that these lack. */
function stackFiles(): Record<string, unknown>[] {
  const own = readdirSync(projectRoot)
    .filter((name) => /^Pulumi\..+\.yaml$/.test(name))
    .sort();
  const samples = readdirSync(join(projectRoot, 'samples'))
    .sort()
    .map((name) => join('samples', name, 'base.yaml'));
  const read = (file: string): Record<string, unknown> => {
    const { config } = parse(readFileSync(join(projectRoot, file), 'utf8')) as { config: Record<string, unknown> };
    return { config };
  };
  return [...[...own, ...samples].map(read), everything];
}

function objectsOf(stack: Record<string, unknown>): KubernetesObject[] {
  const parsed = parseStackText(stringify(stack), 'seed');
  if ('problems' in parsed) throw new Error(`a stack to start from is refused: ${JSON.stringify(parsed.problems)}`);
  const { existingNamespaces, objects } = renderMesh(parsed.settings);
  return [...existingNamespaces, ...objects].map(({ object }) => object);
}

/** A long run, which prints every kind of failure with the seed that reproduces it: `node -r tsx/cjs tools/fuzz/fuzz.ts [COUNT] [SEED]`. */
function main([count = 1000, seed = 1]: readonly number[]): void {
  let failed = 0;
  for (const [title, fuzz] of [
    ['stack files', fuzzStackFiles],
    ['objects', fuzzObjects],
  ] as const) {
    const { accepted, failures } = fuzz(count, seed);
    process.stdout.write(`${title}: ${count} cases, ${accepted} accepted, ${failures.length} failures\n`);
    const kinds = new Map(failures.map((failure) => [failure.error.replaceAll(/\d+/g, 'N'), failure]));
    for (const { index, input, error } of kinds.values())
      process.stdout.write(`\nseed ${seed}, case ${index}\n${error}\n${input.slice(0, 2000)}\n`);
    failed += failures.length;
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

if (require.main === module) main(process.argv.slice(2).map(Number));
