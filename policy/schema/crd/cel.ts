import { Environment, type ParseResult } from '@marcbachmann/cel-js';

/** The rule of every duration. */
export const durationRule = "duration(self) >= duration('1ms')";

/** A CEL rule on one line: CRDs break long ones over several. */
export function oneLine(rule: string): string {
  return rule.replace(/\s+/g, ' ').trim();
}

/**
 * Whether a value passes a validation rule of a CRD. As in the API server, a rule that cannot be evaluated fails, for
 * example `int("x")`. A value of the wrong type is not evaluated, because the schema has already refused it.
 */
export function keepsRule(rule: string, self: unknown, type: string | undefined): boolean {
  if (type !== undefined && !isOfType(self, type)) return true;
  let parsed = rules.get(rule);
  if (parsed === undefined) rules.set(rule, (parsed = environment().parse(rule)));
  try {
    return parsed({ self: type === 'integer' ? BigInt(self as number) : self }) !== false;
  } catch {
    return false;
  }
}

/** Why a text is not a CEL expression; undefined when it is one. */
export function syntaxFault(expression: string): string | undefined {
  try {
    environment().parse(expression);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  }
}

const rules = new Map<string, ParseResult>();
let shared: Environment | undefined;

/** CEL with the functions for URLs that Kubernetes adds to it. */
function environment(): Environment {
  return (shared ??= new Environment({ unlistedVariablesAreDyn: true })
    .registerType('URL', Url)
    .registerFunction('isURL(string): bool', (written: string) => schemeOf(written) !== undefined)
    .registerFunction('url(string): URL', (written: string) => new Url(written))
    .registerFunction('URL.getScheme(): string', (url: Url) => url.scheme));
}

class Url {
  readonly scheme: string;

  constructor(written: string) {
    const scheme = schemeOf(written);
    if (scheme === undefined) throw new Error('no URL');
    this.scheme = scheme;
  }
}

/** The scheme of a URL, '' for an absolute path, undefined for anything else (Go: url.ParseRequestURI). */
function schemeOf(written: string): string | undefined {
  if (/[\s\p{Cc}]/u.test(written)) return undefined;
  if (written.startsWith('/')) return '';
  return /^([a-z][a-z0-9+.-]*):./i.exec(written)?.[1]?.toLowerCase();
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
