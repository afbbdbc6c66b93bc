import { durationPattern } from '../../mesh/manifests/formats';
import { defined } from '../../mesh/manifests/kubernetes';
import { effectiveWeights } from '../../mesh/manifests/weights';
import { UserError } from '../errors';
import { wholeNumber, type StackChoice } from '../input';
import { parseQuery } from './gates';
import { defaultOptions, type ShiftOptions } from './options';
import { labPrometheus, type Session } from './session';

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration from a flag, in milliseconds: `500ms`, `60s`, `5m`, `1h`. */
export function duration(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number = '', unit = ''] = durationPattern.exec(text) ?? [];
  const value = Number(number) * (units[unit] ?? NaN);
  if (!(value > 0)) throw new UserError(`${flag} ${text}: write a duration, e.g. 500ms, 60s or 5m.`);
  return value;
}

/** A percentage from a flag: `1%` or `1`. */
function percentage(flag: string, text: string | undefined, most = 100): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+(?:\.\d+)?\s*%?$/.test(text) ? parseFloat(text) : NaN;
  if (!(value >= 0 && value <= most)) throw new UserError(`${flag} ${text}: write a percentage, e.g. 1% or 0.5.`);
  return value;
}

/** `name=value` from a flag. */
function named(flag: string, text: string | undefined): { name: string; value: string } | undefined {
  if (text === undefined) return undefined;
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new UserError(`${flag} ${text}: write NAME=VALUE, e.g. x-canary=always.`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

/** The flags of `meshwright shift`. */
export interface ShiftFlags extends StackChoice {
  to?: string;
  steps?: string;
  every?: string;
  maxErrorRate?: string;
  maxErrorIncrease?: string;
  maxP99?: string;
  maxP99Increase?: string;
  minRequests?: string;
  failureLimit?: string;
  inconclusiveLimit?: string;
  query?: string[];
  webhook?: string[];
  header?: string;
  cookie?: string;
  mirror?: string | true;
  sticky?: string;
  prometheus?: string;
  metrics: boolean;
  back?: 'at-once' | 'steps';
  approve?: boolean;
  commit?: boolean;
  tick?: boolean;
  status?: boolean;
  pause?: boolean;
  resume?: boolean;
  abort?: boolean;
  promote?: boolean;
  json: boolean;
}

/** The split at the end, from `--to`. */
export function targetOf(text: string): Record<string, number> {
  if (!text.includes('=')) return { [text]: 100 };
  const parts = text.split(',').map((part) => part.split('='));
  const split = Object.fromEntries(parts.map(([version = '', weight]) => [version.trim(), Number(weight)]));
  if (effectiveWeights(split) === undefined)
    throw new UserError(`--to ${text}: weights are whole percent that sum to 100, e.g. v2=30,v3=70.`);
  return split;
}

/** The options of a shift, from its flags. */
export async function optionsOf(session: Session, flags: ShiftFlags): Promise<ShiftOptions> {
  const steps = flags.steps?.split(',').map((step) => wholeNumber('--steps', step.trim(), 1, 100));
  if (steps !== undefined && (steps.at(-1) !== 100 || steps.some((step, at) => step <= (steps[at - 1] ?? 0))))
    throw new UserError(`--steps ${flags.steps ?? ''}: they rise and end at 100, e.g. 5,25,50,100.`);
  for (const query of flags.query ?? []) {
    if (parseQuery(query) === undefined)
      throw new UserError(`--query ${query}: it ends in a comparison with a number, e.g. '… < 5'.`);
  }
  const prometheus = flags.metrics ? (flags.prometheus ?? (await labPrometheus(session))) : undefined;
  if (flags.metrics && prometheus === undefined)
    throw new UserError('Where is Prometheus? Give --prometheus URL, or --no-metrics to go on without metrics.');
  const given = {
    steps,
    every: duration('--every', flags.every),
    maxErrorRate: percentage('--max-error-rate', flags.maxErrorRate),
    maxErrorIncrease: percentage('--max-error-increase', flags.maxErrorIncrease),
    maxP99: duration('--max-p99', flags.maxP99),
    maxP99Increase: percentage('--max-p99-increase', flags.maxP99Increase, Infinity),
    minRequests: count('--min-requests', flags.minRequests, 1),
    failureLimit: count('--failure-limit', flags.failureLimit, 0),
    inconclusiveLimit: count('--inconclusive-limit', flags.inconclusiveLimit, 0),
    queries: flags.query,
    webhooks: flags.webhook,
    header: named('--header', flags.header),
    cookie: named('--cookie', flags.cookie),
    mirror:
      flags.mirror === true
        ? 100
        : flags.mirror === undefined
          ? undefined
          : wholeNumber('--mirror', flags.mirror, 1, 100),
    sticky: stickyFor(duration('--sticky', flags.sticky)),
    prometheus,
    back: flags.back,
    approve: flags.approve,
    commit: flags.commit,
  };
  return { ...defaultOptions, ...defined(given) };
}

/** Cookies of each shift differ, so that a client of an earlier one is not sent to the new version at once. */
export function stickyFor(milliseconds: number | undefined): ShiftOptions['sticky'] {
  if (milliseconds === undefined) return undefined;
  return { seconds: Math.ceil(milliseconds / 1000), token: Date.now().toString(36) };
}

const settings = [
  ...['steps', 'every', 'maxErrorRate', 'maxErrorIncrease', 'maxP99', 'maxP99Increase', 'minRequests', 'failureLimit'],
  ...['inconclusiveLimit', 'query', 'webhook', 'header', 'cookie', 'mirror', 'sticky', 'prometheus', 'back', 'approve'],
  'commit',
] as (keyof ShiftFlags)[];

/** @throws UserError for a flag that only a new shift has */
export function refuseSettings(flags: ShiftFlags): void {
  const given = flags.metrics ? settings.find((key) => flags[key] !== undefined) : 'no-metrics';
  if (given === undefined) return;
  const flag = given.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UserError(`--${flag} belongs to --to VERSION; a shift keeps the settings that it was started with.`);
}

function count(flag: string, text: string | undefined, least: number): number | undefined {
  return text === undefined ? undefined : wholeNumber(flag, text, least, 1_000_000);
}
