import { asMap, asName, asNumber, asString, isMap, type JsonMap } from '../json';
import { type Literal, replaceRegex } from './matching/literal';
import { authority, normalizedPath, type Request } from './request';

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
