import type { Request } from './request';

/** A request as people write it: its target, or its target with method and headers. */
export type WrittenRequest = string | { url: string; method?: string; headers?: Record<string, string> };

const protocols = ['http', 'https', 'tcp', 'tls'] as const;

/** `[METHOD ][PROTOCOL://]HOST[:PORT][/PATH]` as a request; a string says what is wrong with it. */
export function requestOf(written: WrittenRequest): Request | string {
  const { url, method: stated, headers = {} } = typeof written === 'string' ? { url: written } : written;
  const [, first, target = ''] = /^(?:([A-Z]+)\s+)?(.*)$/s.exec(url.trim()) ?? [];
  const method = stated ?? first ?? 'GET';
  const match = /^(?:([a-z]+):\/\/)?(\[[0-9a-f:.]+\]|[^/:?#\s]+)(?::(\d+))?([/?]\S*)?$/i.exec(target);
  if (match === null)
    return `${JSON.stringify(url)} is no request; write [METHOD ][PROTOCOL://]HOST[:PORT][/PATH], e.g. GET reviews.bookinfo:9080/`;
  const [, scheme = 'http', host = '', port, path = '/'] = match;
  const protocol = protocols.find((one) => one === scheme.toLowerCase());
  if (protocol === undefined) return `protocol ${scheme}; allowed are ${protocols.join(', ')}`;
  const number = port === undefined ? (protocol === 'https' || protocol === 'tls' ? 443 : 80) : Number(port);
  if (number < 1 || number > 65535) return `port ${port ?? ''}; a port is 1 to 65535`;
  return {
    host: host.toLowerCase(),
    port: number,
    protocol,
    method: method.toUpperCase(),
    path: path.startsWith('?') ? `/${path}` : path,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  };
}
