import { UserError } from '../errors';

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A duration from a flag, in milliseconds: `500ms`, `60s`, `5m`, `1h`. */
export function duration(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  const value = Number(number) * (units[unit] ?? NaN);
  if (!(value > 0)) throw new UserError(`${flag} ${text}: write a duration, e.g. 500ms, 60s or 5m.`);
  return value;
}

/** A percentage from a flag: `1%` or `1`. */
export function percentage(flag: string, text: string | undefined, most = 100): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d+(?:\.\d+)?\s*%?$/.test(text) ? parseFloat(text) : NaN;
  if (!(value >= 0 && value <= most)) throw new UserError(`${flag} ${text}: write a percentage, e.g. 1% or 0.5.`);
  return value;
}

/** `name=value` from a flag. */
export function named(flag: string, text: string | undefined): { name: string; value: string } | undefined {
  if (text === undefined) return undefined;
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new UserError(`${flag} ${text}: write NAME=VALUE, e.g. x-canary=always.`);
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}
