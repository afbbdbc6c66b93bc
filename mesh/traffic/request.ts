import type { Valuation } from './conditions';

/** The proxy that routes a request: a gateway, the sidecar of the client, or none if the client has no sidecar. */
export interface Proxy {
  type: 'gateway' | 'sidecar' | 'none';
  namespace: string;
  /** Labels of the workload. */
  labels: Record<string, string>;
  /** Undefined if it is not known. */
  serviceAccount?: string | undefined;
  /** What routes its requests but is not modelled: a Gateway of the Gateway API, an Ingress, ambient mode. */
  unfollowed?: string[];
}

/** A request as a client sends it. */
export interface Request {
  /** Host that the client connects to: FQDN, short name, or a gateway's public host. */
  host: string;
  port: number;
  /** Defaults to `http`; `https` is TLS that the client originates itself. */
  protocol?: 'http' | 'https' | 'tcp' | 'tls';
  /** Defaults to `GET`. */
  method?: string;
  /** Path with query. Defaults to `/`. */
  path?: string;
  /** By name, case-insensitive; `host` overrides the Host header. */
  headers?: Record<string, string>;
  /** Server name of a TLS connection. Defaults to {@link host}. */
  sni?: string;
  /** IP address that a TCP connection goes to, for routes by destinationSubnets. */
  address?: string;
}

/** The properties of a request that the proxy compares with routes. */
export function requestValuation(request: Request, proxy: Proxy): Valuation {
  const headers = new Map(Object.entries(request.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const path = request.path ?? '/';
  const query = queryParameters(path);
  const pseudo: Record<string, string> = {
    ':method': request.method ?? 'GET',
    ':authority': authority(request),
    ':scheme': request.protocol === 'https' ? 'https' : 'http',
    ':path': path,
  };
  return (variable) => {
    const space = variable.startsWith('source label ') ? 'source label'.length : variable.indexOf(' ');
    const [kind, name] = space < 0 ? [variable, ''] : [variable.slice(0, space), variable.slice(space + 1)];
    if (kind === 'path') return normalizedPath(path);
    if (kind === 'header') return pseudo[name] ?? headers.get(name);
    if (kind === 'query') return query.get(name);
    if (kind === 'source label') return proxy.labels[name];
    if (variable === 'source namespace') return proxy.namespace;
    if (variable === 'destination address') return request.address;
    if (variable === 'token') return isMalformed(bearer(request)) ? 'invalid' : undefined;
    const isTls = request.protocol === 'tls' || request.protocol === 'https';
    return kind === 'sni' && isTls ? (request.sni ?? request.host) : undefined;
  };
}

/**
 * Whether a property of a request is unknown: an address, the content of a token, or the sender, unless it is one
 * workload.
 */
export function isOpenFor(request: Request, proxy: Proxy): (variable: string) => boolean {
  const isFromMesh = proxy.type === 'sidecar';
  const hasToken = carriesToken(request);
  return (variable) => {
    if (variable === 'source namespace') return isFromMesh && proxy.namespace === '';
    if (variable === 'source principal') return proxy.type !== 'none' && proxy.serviceAccount === undefined;
    if (['source address', 'remote address', 'pod address'].includes(variable)) return true;
    if (variable === 'token' || variable === 'request principal' || variable.startsWith('claim ')) return hasToken;
    return !/^(path|header .*|query .*|sni|source label .*|destination address)$/.test(variable);
  };
}

/**
 * Whether a request may carry a token, which only a RequestAuthentication can read. Other headers than `authorization`
 * may have tokens, too. A value without the form of a token is an invalid token.
 */
function carriesToken(request: Request): boolean {
  const { headers = {}, path = '' } = request;
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  if (names.some((name) => name === 'cookie' || /token|jwt/.test(name)) || path.includes('access_token=')) return true;
  return bearer(request) !== undefined && !isMalformed(bearer(request));
}

function bearer({ headers = {} }: Request): string | undefined {
  const header = Object.entries(headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  return header?.startsWith('Bearer ') === true ? header.slice('Bearer '.length) : undefined;
}

function isMalformed(token: string | undefined): boolean {
  return token !== undefined && token.split('.').length !== 3;
}

/** The Host header. */
export function authority(request: Request): string {
  const stated = Object.entries(request.headers ?? {}).find(([name]) =>
    ['host', ':authority'].includes(name.toLowerCase()),
  );
  return stated?.[1] ?? request.host;
}

/** The Host header without port, as hosts of routes are compared with it. */
export function authorityHost(request: Request): string {
  return authority(request).toLowerCase().replace(/:\d+$/, '');
}

/** Query parameters as Envoy compares them: not decoded, the first of several. */
function queryParameters(path: string): Map<string, string> {
  const parameters = new Map<string, string>();
  const start = path.indexOf('?');
  if (start < 0) return parameters;
  for (const part of path
    .slice(start + 1)
    .split('#')[0]
    ?.split('&') ?? []) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (!parameters.has(name)) parameters.set(name, equals < 0 ? '' : part.slice(equals + 1));
  }
  return parameters;
}

/**
 * The path without query, normalized as Istio's proxies do before routing (MeshConfig.pathNormalization, BASE):
 * needless percent-encoding decoded, backslashes replaced by slashes, `.` and `..` resolved.
 * https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshConfig-ProxyPathNormalization-NormalizationType
 */
export function normalizedPath(path: string): string {
  const plain = (path.split(/[?#]/)[0] ?? '')
    .replace(/%([0-9a-f]{2})/gi, (code, hex: string) => {
      const character = String.fromCharCode(parseInt(hex, 16));
      return /[\w.~-]/.test(character) ? character : code;
    })
    .replace(/\\/g, '/');
  const segments: string[] = [];
  const parts = plain.split('/').slice(1);
  parts.forEach((part, index) => {
    const isLast = index === parts.length - 1;
    if (part === '..') segments.pop();
    if (part !== '.' && part !== '..') segments.push(part);
    else if (isLast) segments.push('');
  });
  return `/${segments.join('/')}`;
}

/** A request as people write it: its target, or its target with method and headers. */
export type WrittenRequest = string | { url: string; method?: string; headers?: Record<string, string> };

/** A name and a value, or a string that says what is wrong. */
export type ParsedHeader = [string, string] | string;

const protocols = ['http', 'https', 'tcp', 'tls'] as const;

/** `[METHOD ][PROTOCOL://]HOST[:PORT][/PATH]` as a request, or a string that says what is wrong with it. */
export function requestOf(written: WrittenRequest): Request | string {
  const { url, method: stated, headers = {} } = typeof written === 'string' ? { url: written } : written;
  const [, first, target = ''] = /^(?:([A-Z]+)\s+)?(.*)$/s.exec(url.trim()) ?? [];
  const parsed = Object.entries(headers).map(([name, value]) => checkedHeader(name, value));
  const request = requestTo(target, stated ?? first ?? 'GET', parsed);
  return Array.isArray(request) ? request.join('; ') : request;
}

/** A request to the target `[PROTOCOL://]HOST[:PORT][/PATH]`, or strings with everything that is wrong with it. */
export function requestTo(target: string, method: string, headers: readonly ParsedHeader[]): Request | string[] {
  const match = /^(?:([a-z]+):\/\/)?(\[[0-9a-f:.]+\]|[^/:?#\s]+)(?::([^/?#\s]+))?([/?]\S*)?$/i.exec(target);
  const [, scheme, host = '', portText, path = '/'] = match ?? [];
  const protocol = protocols.find((one) => one === (scheme ?? 'http').toLowerCase());
  const port = portText === undefined ? (protocol === 'https' || protocol === 'tls' ? 443 : 80) : Number(portText);
  const problems = [
    ...(match === null
      ? [
          `${JSON.stringify(target)} is not a request; write [PROTOCOL://]HOST[:PORT][/PATH], e.g. reviews.bookinfo:9080/`,
        ]
      : []),
    ...(match !== null && protocol === undefined
      ? [`protocol ${scheme ?? ''}; allowed are ${protocols.join(', ')}`]
      : []),
    ...(match !== null && !/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$|^\[/i.test(host)
      ? [`host ${JSON.stringify(host)} is not a DNS name`]
      : []),
    ...(Number.isInteger(port) && port >= 1 && port <= 65535 ? [] : [`port ${portText ?? ''}; a port is 1 to 65535`]),
    ...headers.filter((header) => typeof header === 'string'),
    ...(/^[A-Za-z]+$/.test(method) ? [] : [`method ${JSON.stringify(method)}; a method is letters, e.g. GET`]),
  ];
  if (problems.length > 0) return problems;
  return {
    host: host.toLowerCase(),
    port,
    ...(protocol === undefined ? {} : { protocol }),
    method: method.toUpperCase(),
    path: path.startsWith('?') ? `/${path}` : path,
    headers: Object.fromEntries(headers.filter((header) => typeof header !== 'string')),
  };
}

/** `name: value`, as a flag states a header. */
export function parseHeader(header: string): ParsedHeader {
  const colon = header.indexOf(':', 1);
  if (colon < 0) return `header ${JSON.stringify(header)}; write 'name: value'`;
  return checkedHeader(header.slice(0, colon).trim(), header.slice(colon + 1).trim());
}

function checkedHeader(name: string, value: string): ParsedHeader {
  if (/^:?[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return [name.toLowerCase(), value];
  return `header ${JSON.stringify(`${name}: ${value}`)}; write 'name: value'`;
}
