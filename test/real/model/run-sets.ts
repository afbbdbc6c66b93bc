import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digest, type Recording } from '../../mesh/traffic/generated/recording';
import type { GeneratedSet } from '../../mesh/traffic/generated/route-set';
import { long } from '../../support/long';
import type { Programs } from '../traffic/programs';
import { tryOut, type Place, type Trial } from './try-out';

const first = Number(process.env['MESHWRIGHT_FIRST_SET'] ?? 1);
const stated = process.env['MESHWRIGHT_SETS'];
const records = process.env['MESHWRIGHT_RECORD'] === '1';

/** How many sets are tried: all in a long run, or as many as the environment says. */
export function setCount(whole: number, part: number): number {
  return Number(stated ?? (long ? whole : part));
}

export interface Sets<From extends string> extends Trial<From> {
  title: string;
  sets: number;
  requests: number;
  generate: (seed: number, requests: number) => GeneratedSet<From>;
  /** File with the answers of the real mesh. */
  recording: string;
}

/**
 * Tries sets one after the other. When the environment asks for a recording, it adds the sets that the recording lacks.
 * Returns what is wrong.
 */
export async function runSets<From extends string>(
  programs: Programs,
  place: Place<From>,
  { sets, requests, generate, recording: file, ...trial }: Sets<From>,
): Promise<string[]> {
  const path = join(__dirname, '..', '..', 'mesh', 'traffic', 'recorded', `${file}.generated.json`);
  const recording = begun(path, versions(programs), requests, generate);
  const wrong: string[] = [];
  let unknown = 0;
  const seeds = Array.from({ length: sets }, (_, index) => first + index).filter(
    (seed) => !recording.sets.some((set) => set.seed === seed),
  );
  for (const [index, seed] of seeds.entries()) {
    const tried = await tryOut(place, trial, seed, generate(seed, requests), recording.texts);
    recording.sets = [...recording.sets, tried.recorded].sort((a, b) => a.seed - b.seed);
    wrong.push(...tried.problems);
    unknown += tried.unknown;
    for (const problem of tried.problems) console.log(`    ${problem}`);
    const done = index + 1;
    if (done % 10 !== 0 && done !== seeds.length) continue;
    console.log(`    ${done} of ${seeds.length} sets, ${wrong.length} differences, ${unknown} unknown`);
    if (records) writeFileSync(path, `${JSON.stringify(recording)}\n`);
  }
  return wrong;
}

/** The recording so far, of the same programs and the same sets: a long one is made in several runs. */
function begun(
  path: string,
  programs: Pick<Recording, 'istio' | 'envoy'>,
  requests: number,
  generate: (seed: number, requests: number) => GeneratedSet<string>,
): Recording {
  const none: Recording = { ...programs, requests, texts: [], sets: [] };
  if (!records || !existsSync(path)) return none;
  const found = JSON.parse(readFileSync(path, 'utf8')) as Recording;
  if (found.istio !== programs.istio || found.envoy !== programs.envoy || found.requests !== requests) return none;
  return { ...found, sets: found.sets.filter((set) => set.digest === digest(generate(set.seed, requests))) };
}

function versions({ pilotDiscovery, envoy }: Programs): Pick<Recording, 'istio' | 'envoy'> {
  const said = (program: string, ...words: string[]): string =>
    /\d+\.\d+\.\d+/.exec(
      execFileSync(program, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    )?.[0] ?? '';
  return { istio: said(pilotDiscovery, 'version', '--short'), envoy: said(envoy, '--version') };
}
