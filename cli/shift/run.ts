import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { checkMesh } from '../../config/check-mesh';
import { EditError, routeKeys, setStackValue, stackValue } from '../../config/edit';
import { formatProblems } from '../../config/problem';
import { parseStackText } from '../../config/stack-text';
import type { RouteSettings } from '../../mesh/manifests/settings';
import { UserError } from '../errors';
import { replaceFile } from '../files';
import type { Deploy } from './deployer';
import { judge, type Figures, type Verdict } from './gates';
import { recordLive } from './history';
import { hasEnded, noted, tick, type Action, type Facts, type Journal } from './journal';
import { MetricsError } from './metrics';
import { routeStateOf, type RouteState, type ShiftRoute, type Step } from './steps';
import type { Store } from './store';
import { applied, applying, failed, measured, refused, stopped, unproven } from './transitions';

/** What a tick works with; tests replace the cluster and the clock. */
export interface Surroundings {
  /** Absolute path of the stack file. */
  file: string;
  store: Store;
  now: () => number;
  deploy: Deploy;
  figures: (journal: Journal, routes: readonly ShiftRoute[], now: number, isDue: boolean) => Promise<Figures>;
  /** Takes the journal after each change, with the last figures. */
  report: (journal: Journal, verdict?: Verdict) => void;
  /** Commits the stack file; called after each step if the shift asks for it. */
  commit: (message: string) => void;
}

/** Does everything that is due, and returns when the shift waits or has ended. */
export async function runTick(
  id: string,
  surroundings: Surroundings,
): Promise<{ journal: Journal; action: Extract<Action, { do: 'wait' | 'end' }> }> {
  const { store, file, now, report } = surroundings;
  const save = (journal: Journal, verdict?: Verdict): void => {
    store.write(journal);
    report(journal, verdict);
  };
  for (;;) {
    const journal = store.read(id);
    const action = tick(journal, now(), factsOf(journal, readStackFile(file)));
    if (action.do === 'wait' || action.do === 'end') return { journal, action };
    if (action.do === 'stop') save(stopped(journal, now(), action.why));
    else if (action.do === 'measure') {
      const verdict = await verdictOf(journal, surroundings, action.isDue);
      save(measured(journal, now(), verdict, action.isDue), verdict);
    } else {
      save(applying(journal, now(), action.step));
      await store.whileUpdating(async () => save(await applyStep(store.read(id), surroundings)));
    }
  }
}

/**
 * Runs an update, so that the stack's outputs, which are made from the journals, show how the shift ended. If it fails,
 * the next tick tries again. If the stack file was changed meanwhile, the update that deploys the change shows it.
 */
export async function publishEnd(journal: Journal, { store, file, now, deploy, report }: Surroundings): Promise<void> {
  const text = readStackFile(file);
  const isInFile = factsOf(journal, text).inFile.includes(journal.at);
  if (!hasEnded(journal) || journal.isPublished === true || !isInFile) return;
  const isBack = journal.direction === 'back';
  const result = await store.whileUpdating(() => deploy(text, { isBack, routes: [], preview: !isBack }));
  if (result.state === 'live') {
    store.write({ ...journal, isPublished: true });
    return;
  }
  const why = `the stack's outputs do not show the end yet: ${result.why}`;
  if (journal.log.at(-1)?.text === why) return;
  const told = noted(journal, now(), 'decided', why);
  store.write(told);
  report(told);
}

function factsOf({ steps, routes }: Journal, text: string): Facts {
  const found = Object.fromEntries(routes.map((route) => [route, stateIn(text, route)]));
  const inFile = steps.flatMap((step, index) => (isDeepStrictEqual(step.routes, found) ? [index] : []));
  const declared = stackValue(text, routeKeys(routes[0] ?? '', 'rollouts'));
  return { inFile, found: JSON.stringify(found), declared };
}

function stateIn(text: string, route: string): RouteState {
  return routeStateOf(stackValue(text, routeKeys(route)) ?? {});
}

/** The text of a stack file with the config of a step. */
function withStep(text: string, step: Step | undefined): string {
  let edited = text;
  for (const [route, state] of Object.entries(step?.routes ?? {})) {
    const keys = routeKeys(route);
    for (const part of ['weights', 'http'] as const) edited = setStackValue(edited, [...keys, part], state[part]);
  }
  return edited;
}

/** Edits the stack file, deploys it and waits for the proxies. Does the same again after a kill. */
async function applyStep(journal: Journal, surroundings: Surroundings): Promise<Journal> {
  const { file, store, now, deploy, commit } = surroundings;
  const { steps, at, from, direction, routes, options } = journal;
  const isBack = direction === 'back';
  let text: string;
  try {
    text = withStep(readStackFile(file), steps[at]);
  } catch (error) {
    if (error instanceof EditError) return refused(journal, now(), error.message);
    throw error;
  }
  const problems = isBack ? '' : problemsOf(text, file);
  if (problems !== '') return refused(journal, now(), problems);
  writeStackFile(file, text);
  // A state that was live before needs no preview, and each second counts on the way back.
  const result = await deploy(text, { isBack, routes, preview: !isBack });
  if (result.state === 'refused' && !isBack) {
    writeStackFile(file, withStep(readStackFile(file), steps[from[0] ?? 0]));
    return refused(journal, now(), result.why);
  }
  if (result.state === 'unproven') return unproven(journal, now(), result.why);
  if (result.state !== 'live') return failed(journal, now(), result.why);
  recordLive(store, text, routes, now());
  if (options.commit) commit(`shift ${routes.join(', ')}: ${isBack ? 'back to ' : ''}${steps[at]?.label ?? ''}`);
  return applied(journal, now(), result.proof);
}

/** What the checks find in a stack file; '' for nothing. */
export function problemsOf(text: string, file: string): string {
  const parsed = parseStackText(text, file);
  if ('problems' in parsed) return formatProblems(parsed.problems);
  return formatProblems(checkMesh(parsed.settings, parsed.policy, parsed.source).problems);
}

async function verdictOf(journal: Journal, { figures, now }: Surroundings, isDue: boolean): Promise<Verdict> {
  try {
    const routes = journal.routes.map((name) => ({ name, settings: settingsBefore(journal, name) }));
    return judge(journal.options, await figures(journal, routes, now(), isDue), isDue);
  } catch (error) {
    if (error instanceof MetricsError) return { result: 'unreachable', reasons: [error.message] };
    throw error;
  }
}

function settingsBefore({ settings, steps }: Journal, route: string): RouteSettings {
  return { ...settings[route], ...steps[0]?.routes[route] };
}

/** The text of a stack file. @throws UserError unless it is UTF-8, as an edit would change its bytes otherwise. */
export function readStackFile(file: string): string {
  const bytes = readFileSync(file);
  const text = bytes.toString('utf8');
  if (!Buffer.from(text).equals(bytes))
    throw new UserError(`${file} is not UTF-8, so it cannot be edited byte for byte.`);
  return text;
}

export function writeStackFile(file: string, text: string): void {
  if (readStackFile(file) !== text) replaceFile(file, text);
}
