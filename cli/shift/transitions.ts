import { changedByHand, hasEnded, noted, type Journal, type Phase } from './journal';
import type { Verdict } from './gates';
import type { ShiftOptions } from './options';

/** Pause before an update is tried again, in milliseconds. */
const retryMs = 2000;

/** The journal before a step is applied. */
export function applying(journal: Journal, now: number, step: number): Journal {
  if (journal.phase === 'applying' && journal.at === step) return journal;
  const from = journal.phase === 'applying' ? [...journal.from, journal.at] : [journal.at];
  return { ...journal, phase: 'applying', from, at: step, since: now, due: now };
}

/** The journal after the proxies serve a step. */
export function applied(journal: Journal, now: number, proof: string): Journal {
  const { at, direction } = journal;
  const live = noted(
    { ...journal, phase: 'measuring', from: [at], ...interval(journal, now), checked: now },
    now,
    'applied',
    proof,
  );
  const fresh = { ...live, inconclusive: 0, unreachable: false };
  if (direction === 'forward' || at > 0) return fresh;
  const { isAborted, why = '' } = journal;
  return ended(fresh, now, isAborted ? 'aborted' : 'rolled-back', why);
}

/** The journal after a step was refused before anything changed: the file has the earlier config again. */
export function refused(journal: Journal, now: number, why: string): Journal {
  return stopped({ ...journal, at: journal.from[0] ?? 0 }, now, why, journal.at);
}

/** The journal after an update failed on the way. Forward it goes back; on the way back it is tried again. */
export function failed(journal: Journal, now: number, why: string): Journal {
  return journal.direction === 'back' ? triedAgain(journal, now, retryMs, why) : goBack(journal, now, why);
}

/**
 * The journal after an update that the proxies could not confirm. It is not live: the next update asks them again. After
 * too many of them the shift stops, as the way back could not be proven either.
 */
export function unproven(journal: Journal, now: number, why: string): Journal {
  const { direction, options, inconclusive } = journal;
  if (direction === 'back') return triedAgain(journal, now, retryMs, why);
  if (inconclusive >= options.inconclusiveLimit) return stopped(journal, now, `inconclusive: ${why}`);
  const counted = { ...journal, inconclusive: inconclusive + 1 };
  return triedAgain(counted, now, Math.max(options.every, retryMs), `inconclusive: ${why}`);
}

/** The same reason is recorded only once. */
function triedAgain(journal: Journal, now: number, pauseMs: number, why: string): Journal {
  const text = `tried again: ${why}`;
  const isKnown = journal.log.at(-1)?.text === text;
  return { ...(isKnown ? journal : noted(journal, now, 'decided', text)), due: now + pauseMs };
}

/** The journal of a shift that has stopped, until the user decides. */
export function stopped(journal: Journal, now: number, why: string, retry = journal.at): Journal {
  return noted({ ...journal, phase: 'stopped', since: now, why, retry }, now, 'decided', `stopped: ${why}`);
}

/**
 * The journal after a measurement.
 * @param isDue - whether the interval of the step is over; before that only a failure counts
 */
export function measured(before: Journal, now: number, verdict: Verdict, isDue: boolean): Journal {
  const { result, reasons } = verdict;
  const why = reasons.join('; ');
  const journal = { ...before, checked: now, unreachable: result === 'unreachable' };
  if (result === 'unreachable') {
    // The interval starts again once there are figures: those of the gap are missing.
    const held = { ...journal, ...interval(journal, now) };
    return before.unreachable ? held : noted(held, now, 'measured', `holding this step: ${why}`, verdict.figures);
  }
  const again = before.unreachable ? noted(journal, now, 'decided', 'the metrics are back: going on') : journal;
  if (result === 'fail') {
    const failures = again.failures + 1;
    const logged = noted(
      { ...again, failures, ...interval(again, now) },
      now,
      'measured',
      `failed: ${why}`,
      verdict.figures,
    );
    return failures > again.options.failureLimit ? goBack(logged, now, why) : logged;
  }
  if (!isDue) return again;
  if (result === 'inconclusive') {
    const inconclusive = again.inconclusive + 1;
    const logged = noted(
      { ...again, inconclusive, due: now + again.options.every },
      now,
      'measured',
      `inconclusive: ${why}`,
      verdict.figures,
    );
    return inconclusive > again.options.inconclusiveLimit ? goBack(logged, now, why) : logged;
  }
  const passed = noted(again, now, 'measured', 'passed', verdict.figures);
  if (passed.options.approve && passed.at < passed.steps.length - 1)
    return noted({ ...passed, phase: 'approval', since: now }, now, 'decided', 'waiting for an approval');
  return advanced(passed, now);
}

/** A new interval: figures from before do not count. */
function interval({ options }: Journal, now: number): Pick<Journal, 'since' | 'due'> {
  return { since: now, due: now + options.every };
}

function advanced(journal: Journal, now: number): Journal {
  if (journal.at === journal.steps.length - 1) return ended(journal, now, 'promoted', 'every step has passed');
  const next = journal.at + 1;
  const label = journal.steps[next]?.label ?? '';
  return applying(noted({ ...journal, failures: 0, inconclusive: 0 }, now, 'decided', `next: ${label}`), now, next);
}

function goBack(journal: Journal, now: number, why: string, isAborted = false): Journal {
  const { at, from, phase, options } = journal;
  const live = from[0] ?? 0;
  const isOnce = isAborted || options.back === 'at-once';
  // A step that was not applied may be partly in the cluster, so its predecessor is applied again.
  const step = isOnce ? 0 : Math.max(0, phase === 'applying' ? live : at - 1);
  const logged = noted(journal, now, 'decided', `going back to ${journal.steps[step]?.label ?? ''}: ${why}`);
  return { ...applying(logged, now, step), phase: 'applying', direction: 'back', since: now, due: now, why, isAborted };
}

function ended(journal: Journal, now: number, phase: Phase, why: string): Journal {
  return noted({ ...journal, phase, since: now, why }, now, 'ended', `${phase}: ${why}`);
}

export type Command = 'pause' | 'resume' | 'abort' | 'promote';

/**
 * The journal after a command of the user.
 * @returns why the command is refused, as a string
 */
export function commanded(journal: Journal, now: number, command: Command): Journal | string {
  const { phase, direction, at, steps } = journal;
  if (hasEnded(journal)) return `the shift has ended: ${phase}`;
  const logged = noted(journal, now, 'command', command);
  if (command === 'abort') {
    if (phase === 'stopped' && journal.why?.startsWith(changedByHand) === true)
      return ended(logged, now, 'aborted', 'the manual edit of the stack file is kept');
    return goBack(logged, now, 'aborted by a command', true);
  }
  if (direction === 'back' && phase !== 'stopped') return 'the shift is going back';
  if (command === 'pause') {
    if (phase === 'applying') return 'a step is being applied; pause when it is live';
    return { ...logged, phase: 'paused', since: now };
  }
  if (command === 'promote') {
    if (phase === 'applying') return 'a step is being applied; promote when it is live';
    // Without its gates: the last step is applied and ends the shift.
    const last = steps.length - 1;
    if (at === last) return ended(logged, now, 'promoted', 'by a command');
    const options: ShiftOptions = { ...journal.options, every: 0, queries: [], webhooks: [], approve: false };
    delete options.prometheus;
    return { ...applying(logged, now, last), options };
  }
  if (phase === 'approval') return advanced(logged, now);
  if (phase === 'paused') return { ...logged, phase: 'measuring', ...interval(logged, now), checked: now };
  if (phase === 'stopped')
    return { ...applying({ ...logged, phase: 'measuring' }, now, journal.retry ?? at), phase: 'applying' };
  return 'the shift is neither paused nor waiting';
}
