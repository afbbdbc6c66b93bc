import { asList, asMap, asString, isMap } from '../json';
import { matchesRegex } from './matching/regex';
import type { Outcome } from './outcome';
import type { Request } from './request';
import type { CompiledRoute } from './rules/compiled';

/** A preflight request whose origin the rule's corsPolicy allows is answered by the proxy; undefined for every other request. */
export function corsOutcome({ action, rule }: CompiledRoute, request: Request): Outcome | undefined {
  if (action.cors === undefined || request.method !== 'OPTIONS') return undefined;
  const headers = new Map(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const origin = headers.get('origin');
  if (origin === undefined || !headers.has('access-control-request-method')) return undefined;
  const { allowOrigins, allowOrigin, unmatchedPreflights } = action.cors;
  const allowed =
    asList(allowOrigins).some((match) => matchesOrigin(match, origin)) ||
    asList(allowOrigin).some((one) => one === origin || one === '*');
  // With IGNORE the proxy answers preflights of other origins, too, only without the headers that allow them.
  if (!allowed && unmatchedPreflights !== 'IGNORE') return undefined;
  return { kind: 'response', status: 200, why: 'a CORS preflight, which corsPolicy answers', ...(rule && { rule }) };
}

function matchesOrigin(match: unknown, origin: string): boolean {
  if (!isMap(match)) return false;
  const { exact, prefix, regex } = asMap(match);
  if (asString(exact) !== undefined) return exact === origin || exact === '*';
  if (asString(prefix) !== undefined) return origin.startsWith(asString(prefix) ?? '');
  return matchesRegex(asString(regex) ?? '', origin);
}
