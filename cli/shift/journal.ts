import { isDeepStrictEqual } from 'node:util';
import type { RolloutSettings, RouteSettings } from '../../mesh/manifests/settings';
import type { ShiftOptions } from './options';
import type { Step } from './steps';
import type { Figures } from './gates';

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
 * A shift as it is on disk. It is written before and after each update, so that the next tick can continue after a
 * kill at any point.
 */
export interface Journal {
  version: 1;
  id: string;
  stack: string;
  /** `namespace/service`, all shifted in lock-step. */
  routes: string[];
  /** The routes as they were before the shift. */
  settings: Record<string, RouteSettings>;
  /** The rollout in the stack file that it carries out; undefined when it was started by hand. */
  declared?: RolloutSettings;
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
  /** When the interval of the step is over; while `applying`, when the update may be tried. */
  due: number;
  /** When the figures were last judged. */
  checked: number;
  failures: number;
  /** Intervals of this step without a judgement, and its updates without proof. */
  inconclusive: number;
  /** Whether Prometheus did not answer at the last measurement. */
  unreachable: boolean;
  /** Why it is going back, has stopped or has ended. */
  why?: string;
  /** Whether an abort asked to go back, rather than a gate. */
  isAborted: boolean;
  /** Whether the stack's outputs show how it ended. */
  isPublished?: boolean;
  log: Entry[];
}

/** What a tick does next. */
export type Action =
  | { do: 'apply'; step: number; isBack: boolean }
  | { do: 'measure'; isDue: boolean }
  | { do: 'stop'; why: string }
  | { do: 'wait'; until?: number; why: string }
  | { do: 'end' };

/** Why a shift stops when the stack file has other weights or rules than its steps. */
export const changedByHand = 'the stack file was changed by hand';

/** What a tick knows beside the journal. */
export interface Facts {
  /** The steps whose config the stack file has. */
  inFile: readonly number[];
  /** The parts of the stack file, for the message about a change by hand. */
  found: string;
  /** The rollout of the first route in the stack file. */
  declared: unknown;
}

/** Shortest and longest time between two judgements within a step, in milliseconds. */
const [shortestCheckMs, longestCheckMs] = [1000, 10_000];

/** Starts a shift: the first step is to be applied. */
export function newJournal(
  now: number,
  shift: Pick<Journal, 'id' | 'stack' | 'routes' | 'settings' | 'target' | 'options' | 'steps' | 'declared'>,
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

/** What to do now. Pure, so it can be called at any time. */
export function tick(journal: Journal, now: number, { inFile, found, declared }: Facts): Action {
  const { phase, at, from, due, checked, direction, options } = journal;
  if (hasEnded(journal)) return { do: 'end' };
  if (phase === 'stopped') return { do: 'wait', why: journal.why ?? 'stopped' };
  const allowed = phase === 'applying' ? [at, ...from] : [at];
  if (!allowed.some((step) => inFile.includes(step))) {
    return {
      do: 'stop',
      why: `${changedByHand}:\n  journal  ${stateWords(journal, at)}\n  file     ${found}`,
    };
  }
  const isOther = journal.declared !== undefined && !isDeepStrictEqual(journal.declared, declared);
  if (isOther && direction === 'forward') {
    const after = declared === undefined ? 'none' : JSON.stringify(declared);
    return {
      do: 'stop',
      why: `the rollout was changed in the stack file:\n  journal  ${JSON.stringify(journal.declared)}\n  file     ${after}`,
    };
  }
  if (phase === 'applying')
    return now >= due
      ? { do: 'apply', step: at, isBack: direction === 'back' }
      : { do: 'wait', until: due, why: 'the update is tried again' };
  if (phase === 'approval') return { do: 'wait', why: `waiting for an approval: --resume continues` };
  if (phase === 'paused') return { do: 'wait', why: 'paused: --resume continues' };
  if (direction === 'back') {
    return now >= due ? { do: 'apply', step: at - 1, isBack: true } : { do: 'wait', until: due, why: 'going back' };
  }
  const next = Math.min(due, checked + Math.min(longestCheckMs, Math.max(shortestCheckMs, options.every / 10)));
  if (now >= due || now >= next) return { do: 'measure', isDue: now >= due };
  return { do: 'wait', until: next, why: 'measuring' };
}

/** The config of a step, for messages. */
function stateWords({ steps }: Pick<Journal, 'steps'>, at: number): string {
  return JSON.stringify(steps[at]?.routes ?? {});
}

/** A journal with one more line in its record. */
export function noted(journal: Journal, now: number, event: Entry['event'], text: string, figures?: Figures): Journal {
  const entry = { at: now, step: journal.at, event, text, ...(figures === undefined ? {} : { figures }) };
  return { ...journal, log: [...journal.log, entry] };
}
