import type { Place } from '../place';
import { error, shown, when, type SchemaProblem } from '../problem';

const milliseconds: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 36e5 };
const duration =
  /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h)(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))*$/;

/** Milliseconds of a duration as Go writes it: `1.5s`, `1h30m`, `250ms`; `0` alone needs no unit. Undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!duration.test(text)) return undefined;
  const sum = [...text.matchAll(/([\d.]+)(ns|us|µs|μs|ms|s|m|h)/g)].reduce(
    (total, [, amount = '0', unit = 's']) => total + Number(amount) * (milliseconds[unit] ?? 0),
    0,
  );
  return text.startsWith('-') ? -sum : sum;
}

/** A duration that is set must be at least 1ms and whole milliseconds. */
export function durationProblems(place: Place): SchemaProblem[] {
  if (!place.isSet) return [];
  const parsed = parseDuration(place.text);
  if (parsed === undefined || parsed < 1) return [error(place, noDuration(place))];
  return when(!isWhole(parsed), () =>
    error(place, `${shown(place)} is too fine; a duration must be whole milliseconds`),
  );
}

export function noDuration(place: Place): string {
  return `${shown(place)} is no duration of at least 1ms; write a number with a unit, e.g. 250ms, 5s or 1m30s`;
}

/** Whether the milliseconds are whole, but for what adding up fractions leaves over. */
function isWhole(parsed: number): boolean {
  return Math.abs(parsed - Math.round(parsed)) < 1e-7;
}
