import { fuzzObjects, fuzzStackFiles, type FuzzResult } from './fuzz';

/**
 * `node -r tsx/cjs tools/fuzz/run.ts [COUNT] [SEED]`: a long run of the fuzzer; every failure is printed with the seed
 * that reproduces it.
 */
const [count = 1000, seed = 1] = process.argv.slice(2).map(Number);
const runs: [string, (count: number, seed: number) => FuzzResult][] = [
  ['stack files', fuzzStackFiles],
  ['objects', fuzzObjects],
];
let failed = 0;
for (const [title, fuzz] of runs) {
  const { accepted, failures } = fuzz(count, seed);
  process.stdout.write(`${title}: ${count} cases, ${accepted} accepted, ${failures.length} failures\n`);
  const kinds = new Map(failures.map((failure) => [failure.error.replaceAll(/\d+/g, 'N'), failure]));
  for (const { index, input, error } of kinds.values())
    process.stdout.write(`\nseed ${seed}, case ${index}\n${error}\n${input.slice(0, 2000)}\n`);
  failed += failures.length;
}
process.exitCode = failed > 0 ? 1 : 0;
