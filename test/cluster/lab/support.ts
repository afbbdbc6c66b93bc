import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { type Lab, labUp } from '../../../cluster/lab';
import { kubectl } from './kubectl';
import { asMap } from '../../../mesh/json';
import { TEMPORARY_LABS } from '../../support/temporary-labs';

/** Longest time for a first start, in milliseconds, which may build the programs. */
export const START_TIMEOUT_MS = 30 * 60_000;

/** An empty folder for a lab, which is stopped and removed after all tests. */
export async function newRoot(): Promise<string> {
  return mkdtemp(path.join(process.env[TEMPORARY_LABS] ?? '', 'lab-'));
}

let shared: Promise<Lab> | undefined;

/** The lab that all specs of a mocha worker share. Progress goes to stderr, as a first build takes minutes. */
export function sharedLab(): Promise<Lab> {
  const log = (line: string) => process.stderr.write(`      ${line}\n`);
  shared ??= newRoot().then((root) => labUp({ log, root }));
  return shared;
}

/** Collects lines instead of printing them. */
export function collect(): { readonly lines: string[]; readonly log: (line: string) => void } {
  const lines: string[] = [];
  return { lines, log: (line) => lines.push(line) };
}

/** One object as the API server has it; undefined when it has none. */
export async function get(lab: Lab, ...what: readonly string[]): Promise<Record<string, unknown> | undefined> {
  const json = await kubectl(lab, ['get', ...what, '--ignore-not-found', '-o', 'json']);
  return json === '' ? undefined : asMap(JSON.parse(json));
}
