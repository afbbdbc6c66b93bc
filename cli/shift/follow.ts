import { setTimeout as sleep } from 'node:timers/promises';
import type { RolloutSettings } from '../../mesh/manifests/settings';
import { UserError } from '../errors';
import { ask } from '../output';
import { hasEnded, newJournal, type Journal } from './journal';
import type { ShiftOptions } from './options';
import { publishEnd, runTick } from './run';
import { chosenRoutes, surroundingsOf, type Session } from './session';
import { stepsOf } from './steps';
import { commanded, type Command } from './transitions';
import type { View } from './view';

/** Exit codes of a shift, beside those of every command. */
export const shiftCodes = { promoted: 0, rolledBack: 1, stopped: 3, inProgress: 10 } as const;

/**
 * Writes the journal of a new shift.
 * @param declared - the rollout in the stack file that it carries out
 * @throws UserError when one of its routes is being shifted already
 */
export async function startShift(
  session: Session,
  names: readonly string[],
  target: Record<string, number>,
  options: ShiftOptions,
  declared?: RolloutSettings,
): Promise<Journal> {
  const { store, name } = session;
  const routes = chosenRoutes(session, names);
  const steps = stepsOf(routes, target, options);
  const now = Date.now();
  const id = `${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}-${routes.map((one) => one.name.replace('/', '.')).join('+')}`;
  const settings = Object.fromEntries(routes.map((one) => [one.name, one.settings]));
  const shift = { id, stack: name, routes: Object.keys(settings), settings, target, options, steps };
  const journal = newJournal(now, { ...shift, ...(declared === undefined ? {} : { declared }) });
  // Under one lock for all routes, so that two shifts in lock-step cannot share a route.
  const result = await store.whileOwning('start', () => {
    const busy = journal.routes.find((route) => store.active(route) !== undefined);
    if (busy === undefined) store.write(journal);
    return Promise.resolve({ busy });
  });
  if (result === undefined) throw new UserError('Another shift is starting at this moment; try again.');
  if (result.busy !== undefined)
    throw new UserError(`${result.busy} is being shifted already; --status shows it, --abort goes back first.`);
  return journal;
}

/** Carries out a command of the user. @throws UserError when the shift is not in a state for it */
export async function order({ store }: Session, { id, routes }: Journal, command: Command, view: View): Promise<void> {
  const answer = await store.whileOwning(routes[0] ?? '', () => {
    const next = commanded(store.read(id), Date.now(), command);
    if (typeof next !== 'string') {
      store.write(next);
      view.report(next);
    }
    return Promise.resolve(next);
  });
  if (answer === undefined) throw new UserError('A step is being applied at this moment; try again when it is live.');
  if (typeof answer === 'string') throw new UserError(`--${command}: ${answer}.`);
}

/** Ticks until the shift ends, or once. @returns the exit code */
export async function follow(session: Session, { id, routes }: Journal, view: View, isOnce: boolean): Promise<number> {
  const { store } = session;
  const surroundings = surroundingsOf(session, (journal, verdict) => view.report(journal, verdict));
  if (isOnce || store.read(id).log.length === 1) view.report(store.read(id));
  for (;;) {
    const result = await store.whileOwning(routes[0] ?? '', async () => {
      const ran = await runTick(id, surroundings);
      await publishEnd(ran.journal, surroundings);
      return ran;
    });
    const journal = result?.journal ?? store.read(id);
    const code = codeOf(journal);
    if (isOnce || code !== shiftCodes.inProgress || journal.phase === 'paused') return code;
    if (journal.phase === 'approval') {
      if (!(await ask(`${journal.steps[journal.at]?.label ?? ''} has passed. Go on?`))) return shiftCodes.inProgress;
      await order(session, journal, 'resume', view);
      continue;
    }
    const until = result?.action.do === 'wait' ? (result.action.until ?? Date.now()) : Date.now();
    view.status(journal, Date.now());
    // Commands from other terminals are seen within a second.
    await sleep(Math.min(1000, Math.max(50, until - Date.now())));
  }
}

/** The exit code of a command that leaves a shift in this state. */
export function codeOf(journal: Journal): number {
  if (hasEnded(journal)) return journal.phase === 'promoted' ? shiftCodes.promoted : shiftCodes.rolledBack;
  return journal.phase === 'stopped' ? shiftCodes.stopped : shiftCodes.inProgress;
}
