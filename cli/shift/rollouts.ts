import { isDeepStrictEqual } from 'node:util';
import { defined } from '../../mesh/manifests/kubernetes';
import type { RolloutSettings } from '../../mesh/manifests/settings';
import { effectiveWeights } from '../../mesh/manifests/weights';
import { routeKeys, stackValue } from '../../config/edit';
import { UserError } from '../errors';
import { say } from '../output';
import { duration, stickyFor } from './flags';
import { shiftCodes, startShift } from './follow';
import { hasEnded, type Journal } from './journal';
import { defaultOptions, type ShiftOptions } from './options';
import { readStackFile } from './run';
import { chosenRoutes, labPrometheus, type Session } from './session';

/** What is left to do for a rollout that the stack file declares. */
type Declared =
  | { state: 'none' }
  /** Its last shift has ended; a tick does not start the same rollout again. */
  | { state: 'ended'; journal: Journal }
  | { state: 'reached' }
  | { state: 'due'; rollout: RolloutSettings };

/** The rollout of a route in the stack file, as it is written. */
export function declaredFor(session: Session, route: string): Declared {
  const rollout = stackValue(readStackFile(session.file), routeKeys(route, 'rollouts'));
  if (rollout === undefined) return { state: 'none' };
  const latest = session.store.latest(route);
  if (latest !== undefined && hasEnded(latest) && isDeepStrictEqual(latest.declared, rollout))
    return { state: 'ended', journal: latest };
  const settings = rollout as RolloutSettings;
  const target = nonZero(targetOf(settings));
  const isReached = chosenRoutes(session, [route, ...(settings.with ?? [])]).every((one) =>
    isDeepStrictEqual(nonZero(effectiveWeights(one.settings.weights ?? {}) ?? {}), target),
  );
  return isReached ? { state: 'reached' } : { state: 'due', rollout: settings };
}

/** Starts the rollout of a route. @throws UserError when it cannot be shifted, or when no Prometheus is known */
export async function startRollout(session: Session, route: string, rollout: RolloutSettings): Promise<Journal> {
  const options = await optionsFor(session, route, rollout);
  return startShift(session, [route, ...(rollout.with ?? [])], targetOf(rollout), options, rollout);
}

/**
 * Starts the rollouts that the stack file declares, and does what is due for each running shift.
 * @param tick - does it for one of them, and returns its exit code
 * @returns the exit code: `in progress` if any shift is, else the most severe one
 */
export async function tickAll(
  session: Session,
  tick: (journal: Journal, isNew: boolean) => Promise<number>,
): Promise<number> {
  const codes: number[] = [];
  const problems: string[] = [];
  const begun = new Set<string>();
  for (const route of session.rollouts) {
    if (session.store.active(route) !== undefined) continue;
    const declared = declaredFor(session, route);
    if (declared.state === 'ended' && declared.journal.phase !== 'promoted') {
      say(`${route}: ${declared.journal.phase}; \`meshwright shift ${route}\` starts its rollout again`);
      codes.push(shiftCodes.rolledBack);
    }
    if (declared.state !== 'due') continue;
    try {
      begun.add((await startRollout(session, route, declared.rollout)).id);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      problems.push(`${route}: ${error.message}`);
    }
  }
  for (const journal of session.store.journals().filter((one) => !hasEnded(one)))
    codes.push(await tick(journal, begun.has(journal.id)));
  if (problems.length > 0) throw new UserError(problems.join('\n'));
  const order = [shiftCodes.inProgress, shiftCodes.stopped, shiftCodes.rolledBack];
  return order.find((code) => codes.includes(code)) ?? shiftCodes.promoted;
}

function targetOf({ to }: RolloutSettings): Record<string, number> {
  return typeof to === 'string' ? { [to]: 100 } : to;
}

function nonZero(weights: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(weights).filter(([, weight]) => weight > 0));
}

async function optionsFor(session: Session, route: string, rollout: RolloutSettings): Promise<ShiftOptions> {
  const { every, maxP99, sticky, metrics = true, prometheus } = rollout;
  const base = metrics ? (prometheus ?? (await labPrometheus(session))) : undefined;
  if (metrics && base === undefined)
    throw new UserError(
      `Where is Prometheus? Set meshwright:rollouts.${route.replace('/', '.')}.prometheus to its URL, or metrics to false.`,
    );
  const given = {
    every: duration('every', every),
    maxP99: duration('maxP99', maxP99),
    sticky: stickyFor(duration('sticky', sticky)),
    prometheus: base,
  };
  const same = Object.entries(rollout).filter(
    ([key]) => !['to', 'with', 'metrics', ...Object.keys(given)].includes(key),
  );
  return { ...defaultOptions, ...(Object.fromEntries(same) as Partial<ShiftOptions>), ...defined(given) };
}
