import type { Request } from './request';

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
