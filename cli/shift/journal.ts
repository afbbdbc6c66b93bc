import type { RouteSettings } from '../../mesh/manifests/settings';
import type { ShiftOptions } from './options';
import type { Step } from './steps';
import type { Figures, Verdict } from './gates';

/**
 * What a shift is doing. `applying` and `measuring` go on by themselves; `approval`, `paused` and `stopped` wait for a
 * command; the last three have ended.
 */
export type Phase =
  'applying' | 'measuring' | 'approval' | 'paused' | 'stopped' | 'promoted' | 'rolled-back' | 'aborted';

/** One line of the record of a shift. */
export interface Entry {
  /** Milliseconds since 1970. */
  at: number;
  /** Index of the step. */
  step: number;
  event: 'started' | 'applied' | 'measured' | 'decided' | 'command' | 'ended';
  text: string;
  figures?: Figures;
}

/**
 * A shift as it is on disk. Every change of it is written before and after what it describes, so that the next tick
 * continues wherever a run was killed.
 */
export interface Journal {
  version: 1;
  id: string;
  stack: string;
  /** `namespace/service`, all shifted in lock-step. */
  routes: string[];
  /** The routes as they were before the shift. */
  settings: Record<string, RouteSettings>;
  /** The split at the end. */
  target: Record<string, number>;
  options: ShiftOptions;
  /** Config of each step; the first is the one before the shift. */
  steps: Step[];
  /** The step that is applied, or is being applied. */
  at: number;
  /** Steps that the stack file may still have while `applying`; the first is the one that was live last. */
  from: number[];
  /** The step that `resume` applies after the shift has stopped. */
  retry?: number;
  direction: 'forward' | 'back';
  phase: Phase;
  /** When the phase began. */
  since: number;
  /** When the interval of the step is over. */
  due: number;
  /** When the figures were last judged. */
  checked: number;
  failures: number;
  inconclusive: number;
  /** Whether Prometheus did not answer at the last measurement. */
  unreachable: boolean;
  /** Why it is going back, has stopped or has ended. */
  why?: string;
  /** Whether an abort asked to go back, rather than a gate. */
  isAborted: boolean;
  log: Entry[];
}

/** What a tick does next. */
export type Action =
  | { do: 'apply'; step: number; isBack: boolean }
  | { do: 'measure'; isDue: boolean }
  | { do: 'stop'; why: string }
  | { do: 'wait'; until?: number; why: string }
  | { do: 'end' };

/** What a tick knows beside the journal. */
export interface Facts {
  /** The steps whose config the stack file has. */
  inFile: readonly number[];
  /** The parts of the stack file, for the message about a change by hand. */
  found: string;
}

/** Time between two judgements within a step, in milliseconds. */
const longestCheckMs = 10_000;

/** Starts a shift: the first step is to be applied. */
export function newJournal(
  now: number,
  shift: Pick<Journal, 'id' | 'stack' | 'routes' | 'settings' | 'target' | 'options' | 'steps'>,
): Journal {
  const journal: Journal = {
    version: 1,
    ...shift,
    at: 1,
    from: [0],
    direction: 'forward',
    phase: 'applying',
    since: now,
    due: now,
    checked: now,
    failures: 0,
    inconclusive: 0,
    unreachable: false,
    isAborted: false,
    log: [],
  };
  return noted(journal, now, 'started', `${shift.steps.length - 1} steps: ${labels(shift.steps)}`);
}

function labels(steps: readonly Step[]): string {
  return steps
    .slice(1)
    .map(({ label }) => label)
    .join(', ');
}

export function hasEnded({ phase }: Pick<Journal, 'phase'>): boolean {
  return phase === 'promoted' || phase === 'rolled-back' || phase === 'aborted';
}

/** What to do now. Pure: any clock may ask, as often as it likes. */
export function tick(journal: Journal, now: number, { inFile, found }: Facts): Action {
  const { phase, at, from, due, checked, direction, options } = journal;
  if (hasEnded(journal)) return { do: 'end' };
  if (phase === 'stopped') return { do: 'wait', why: journal.why ?? 'stopped' };
  const allowed = phase === 'applying' ? [at, ...from] : [at];
  if (!allowed.some((step) => inFile.includes(step))) {
    return {
      do: 'stop',
      why: `the stack file was changed by hand:\n  journal  ${stateWords(journal, at)}\n  file     ${found}`,
    };
  }
  if (phase === 'applying') return { do: 'apply', step: at, isBack: direction === 'back' };
  if (phase === 'approval') return { do: 'wait', why: `waiting for an approval: --resume continues` };
  if (phase === 'paused') return { do: 'wait', why: 'paused: --resume continues' };
  if (direction === 'back') {
    return now >= due ? { do: 'apply', step: at - 1, isBack: true } : { do: 'wait', until: due, why: 'going back' };
  }
  const next = Math.min(due, checked + Math.min(longestCheckMs, Math.max(1000, options.every / 4)));
  if (now >= due || now >= next) return { do: 'measure', isDue: now >= due };
  return { do: 'wait', until: next, why: 'measuring' };
}

/** The config of a step, for messages. */
function stateWords({ steps }: Pick<Journal, 'steps'>, at: number): string {
  return JSON.stringify(steps[at]?.routes ?? {});
}

/** The journal before a step is applied. */
export function applying(journal: Journal, now: number, step: number): Journal {
  if (journal.phase === 'applying' && journal.at === step) return journal;
  const from = journal.phase === 'applying' ? [...journal.from, journal.at] : [journal.at];
  return { ...journal, phase: 'applying', from, at: step, since: now };
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

/** The journal after an update failed on the way. Forward it goes back; on the way back the next tick tries again. */
export function failed(journal: Journal, now: number, why: string): Journal {
  if (journal.direction === 'back') return noted(journal, now, 'decided', `the next tick tries again: ${why}`);
  return goBack(journal, now, why);
}

/** The journal that waits, as something is not as it should be. */
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
    // The interval begins anew when figures are there again: those of the gap are missing.
    const held = { ...journal, ...interval(journal, now) };
    return before.unreachable ? held : noted(held, now, 'measured', `holding this step: ${why}`, verdict.figures);
  }
  const again = before.unreachable ? noted(journal, now, 'decided', 'the metrics are back: going on') : journal;
  if (result === 'fail') {
    const failures = again.failures + 1;
    const told = noted(
      { ...again, failures, ...interval(again, now) },
      now,
      'measured',
      `failed: ${why}`,
      verdict.figures,
    );
    return failures > again.options.failureLimit ? goBack(told, now, why) : told;
  }
  if (!isDue) return again;
  if (result === 'inconclusive') {
    const inconclusive = again.inconclusive + 1;
    const told = noted(
      { ...again, inconclusive, due: now + again.options.every },
      now,
      'measured',
      `inconclusive: ${why}`,
      verdict.figures,
    );
    return inconclusive > again.options.inconclusiveLimit ? goBack(told, now, why) : told;
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
  const told = noted(journal, now, 'decided', `going back to ${journal.steps[step]?.label ?? ''}: ${why}`);
  return { ...applying(told, now, step), phase: 'applying', direction: 'back', since: now, why, isAborted };
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
  const told = noted(journal, now, 'command', command);
  if (command === 'abort') {
    if (phase === 'stopped' && journal.why?.startsWith('the stack file was changed by hand') === true)
      return ended(told, now, 'aborted', 'the stack file stays as it was edited');
    return goBack(told, now, 'aborted by a command', true);
  }
  if (direction === 'back' && phase !== 'stopped') return 'the shift is going back';
  if (command === 'pause') {
    if (phase === 'applying') return 'a step is being applied; pause when it is live';
    return { ...told, phase: 'paused', since: now };
  }
  if (command === 'promote') {
    if (phase === 'applying') return 'a step is being applied; promote when it is live';
    // Without its gates: the last step is applied and ends the shift.
    const last = steps.length - 1;
    if (at === last) return ended(told, now, 'promoted', 'by a command');
    const options: ShiftOptions = { ...journal.options, every: 0, queries: [], webhooks: [], approve: false };
    delete options.prometheus;
    return { ...applying(told, now, last), options };
  }
  if (phase === 'approval') return advanced(told, now);
  if (phase === 'paused') return { ...told, phase: 'measuring', ...interval(told, now), checked: now };
  if (phase === 'stopped')
    return { ...applying({ ...told, phase: 'measuring' }, now, journal.retry ?? at), phase: 'applying' };
  return 'the shift is neither paused nor waiting';
}

function noted(journal: Journal, now: number, event: Entry['event'], text: string, figures?: Figures): Journal {
  const entry = { at: now, step: journal.at, event, text, ...(figures === undefined ? {} : { figures }) };
  return { ...journal, log: [...journal.log, entry] };
}
