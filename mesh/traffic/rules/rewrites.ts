import { asMap, asName, asNumber, asString, asStringMap, asStrings, isMap, type JsonMap } from '../../json';
import { type Literal, replaceRegex } from '../conditions';
import type { HeaderChanges, HeaderOperations } from '../outcome';
import { authority, normalizedPath, type Request } from '../request';

/** The path with query that the destination sees; undefined when it is not rewritten (route.go, applyHTTPRouteDestination; Envoy's prefix_rewrite). */
export function rewrittenPath(
  rewrite: JsonMap | undefined,
  when: readonly Literal[],
  request: Request,
): string | undefined {
  const path = normalizedPath(request.path ?? '/');
  const query = queryOf(request.path ?? '/');
  const regex = rewrite?.['uriRegexRewrite'];
  if (isMap(regex)) return replaceRegex(asString(regex['match']) ?? '', path, asString(regex['rewrite']) ?? '') + query;
  const uri = asName(rewrite?.['uri']);
  if (uri === undefined) return undefined;
  const test = when.find(({ variable }) => variable === 'path')?.test;
  // Only a prefix match replaces a part of the path. Exact and regex matches replace the whole path, and without a
  // condition the prefix is "/".
  if (test?.kind === 'exact' || test?.kind === 'regex') return uri + query;
  const prefix = test?.kind === 'prefix' ? test.value : '/';
  return uri + path.slice(prefix.length) + query;
}

/** Location header of a redirect (route.go, ApplyRedirect; Envoy's RedirectAction). */
export function redirectLocation(redirect: JsonMap, request: Request): string {
  const requestScheme = request.protocol === 'https' ? 'https' : 'http';
  const scheme = asName(redirect['scheme']) ?? requestScheme;
  const port = redirectPort(redirect, request, asName(redirect['scheme']) ?? requestScheme);
  const uri = asName(redirect['uri']);
  const path = normalizedPath(request.path ?? '/') + queryOf(request.path ?? '/');
  const host = asName(redirect['authority']) ?? requestHost(request, requestScheme, scheme, port);
  const target = uri === undefined ? path : uri.includes('?') ? uri : uri + queryOf(path);
  return `${scheme}://${host}${port === undefined ? '' : `:${port}`}${target}`;
}

export function redirectStatus(redirect: JsonMap): number {
  return asNumber(asMap(redirect)['redirectCode']) || 301;
}

/** The port in the new location; the scheme's own port is left out. */
function redirectPort(redirect: JsonMap, request: Request, scheme: string): number | undefined {
  const stated = asNumber(redirect['port']);
  const port = redirect['derivePort'] === 'FROM_REQUEST_PORT' ? request.port : stated;
  return port === (scheme === 'https' ? 443 : 80) ? undefined : port;
}

/**
 * The request's own host. Its port is dropped if another port replaces it, or if it is the default port of a scheme
 * that changes.
 */
function requestHost(request: Request, from: string, to: string, port: number | undefined): string {
  const host = authority(request);
  const own = /:(\d+)$/.exec(host)?.[1];
  const isDefault = own === (from === 'https' ? '443' : '80');
  return own !== undefined && (port !== undefined || (isDefault && from !== to))
    ? host.slice(0, -own.length - 1)
    : host;
}

function queryOf(path: string): string {
  const start = path.indexOf('?');
  return start < 0 ? '' : path.slice(start);
}

/** Header operations of a rule or destination, and the Host header that they set; other pseudo-headers cannot be changed and are left out. */
export function headerOperations(value: unknown): {
  operations: HeaderOperations | undefined;
  authority: string | undefined;
} {
  const { request, response } = asMap(value);
  const operations = pruned({ request: headerChanges(request), response: headerChanges(response) });
  return { operations, authority: authorityOf(asMap(request)['set']) ?? authorityOf(asMap(request)['add']) };
}

/**
 * The operations of a rule and of one of its destinations, in Envoy's order. If there are several destinations, each
 * has its own list, which comes before the rule's. The operations of a single destination are appended to the rule's
 * list, in which all removals come first (istio pilot/pkg/networking/core/route/route.go, processDestination).
 */
export function orderedOperations(
  rule: HeaderOperations | undefined,
  destination: HeaderOperations | undefined,
  several: boolean,
): HeaderOperations[] | undefined {
  const both = several ? [destination, rule] : [removals(rule, destination), additions(rule), additions(destination)];
  return listed(both.filter((operations) => operations !== undefined));
}

/** Headers after some operations. Names are in lower case; an added value follows the existing one after a comma. */
export function changedHeaders(
  headers: Record<string, string>,
  operations: readonly (HeaderChanges | undefined)[],
): Record<string, string> {
  const after = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  for (const { remove = [], set = {}, add = {} } of operations.filter((changes) => changes !== undefined)) {
    for (const name of remove) after.delete(name.toLowerCase());
    for (const [name, value] of Object.entries(set)) after.set(name.toLowerCase(), value);
    for (const [name, value] of Object.entries(add)) {
      const present = after.get(name.toLowerCase());
      after.set(name.toLowerCase(), present === undefined ? value : `${present}, ${value}`);
    }
  }
  return Object.fromEntries(after);
}

function removals(...all: (HeaderOperations | undefined)[]): HeaderOperations | undefined {
  const removed = (side: 'request' | 'response'): string[] | undefined =>
    listed([...new Set(all.flatMap((operations) => operations?.[side]?.remove ?? []))]);
  const [request, response] = [removed('request'), removed('response')];
  return pruned({ request: request && { remove: request }, response: response && { remove: response } });
}

function additions(operations: HeaderOperations | undefined): HeaderOperations | undefined {
  const added = (changes: HeaderChanges | undefined): HeaderChanges | undefined =>
    pruned({ set: changes?.set, add: changes?.add });
  return pruned({ request: added(operations?.request), response: added(operations?.response) });
}

function headerChanges(value: unknown): HeaderChanges | undefined {
  const { set, add, remove } = asMap(value);
  return pruned({
    set: pruned(withoutInternal(asStringMap(set))),
    add: pruned(withoutInternal(asStringMap(add))),
    remove: listed(asStrings(remove).filter((name) => !isInternal(name))),
  });
}

function withoutInternal(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isInternal(name)));
}

function isInternal(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}

function authorityOf(value: unknown): string | undefined {
  const entry = Object.entries(asStringMap(value)).find(([name]) =>
    [':authority', 'host'].includes(name.toLowerCase()),
  );
  return entry?.[1];
}

function listed<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** A map without undefined values; undefined when nothing is left. */
function pruned<T extends object>(map: T): { [K in keyof T]: Exclude<T[K], undefined> } | undefined {
  const kept = Object.entries(map).filter(([, value]) => value !== undefined);
  return kept.length === 0 ? undefined : (Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> });
}
