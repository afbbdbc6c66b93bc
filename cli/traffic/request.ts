import type { Request } from '../../mesh/traffic/request';
import { UserError, userError } from '../errors';

/** What the flags say of a request. */
export interface RequestFlags {
  header: string[];
  method: string;
}

const protocols = ['http', 'https', 'tcp', 'tls'] as const;

/**
 * `[PROTOCOL://]HOST[:PORT][/PATH]` and flags as a request.
 * @throws UserError listing all that is wrong with it.
 */
export function parseRequest(target: string, { header, method }: RequestFlags): Request {
  const match = /^(?:([a-z]+):\/\/)?(\[[0-9a-f:.]+\]|[^/:?#\s]+)(?::([^/?#]+))?([/?].*)?$/i.exec(target);
  const [, scheme, host = '', portText, path = '/'] = match ?? [];
  const protocol = protocols.find((one) => one === (scheme ?? 'http').toLowerCase());
  const port = portText === undefined ? (protocol === 'https' || protocol === 'tls' ? 443 : 80) : Number(portText);
  const headers = header.map(parseHeader);
  const problems = [
    ...(match === null
      ? [`${JSON.stringify(target)} is no URL; write [PROTOCOL://]HOST[:PORT][/PATH], e.g. reviews.bookinfo:9080/`]
      : []),
    ...(match !== null && protocol === undefined
      ? [`protocol ${scheme ?? ''}; allowed are ${protocols.join(', ')}`]
      : []),
    ...(match !== null && !/^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$|^\[/i.test(host)
      ? [`host ${JSON.stringify(host)} is no DNS name`]
      : []),
    ...(Number.isInteger(port) && port >= 1 && port <= 65535 ? [] : [`port ${portText ?? ''}; a port is 1 to 65535`]),
    ...headers.flatMap((parsed) => (typeof parsed === 'string' ? [parsed] : [])),
    ...(/^[A-Za-z]+$/.test(method) ? [] : [`method ${JSON.stringify(method)}; a method is letters, e.g. GET`]),
  ];
  if (problems.length > 0) throw userError('This is no request:', problems);
  return {
    host: host.toLowerCase(),
    port,
    ...(protocol === undefined ? {} : { protocol }),
    method: method.toUpperCase(),
    path: path.startsWith('?') ? `/${path}` : path,
    headers: Object.fromEntries(headers.filter((parsed) => typeof parsed !== 'string')),
  };
}

/** A name and a value; a string says what is wrong. */
export function parseHeader(text: string): [string, string] | string {
  const colon = text.indexOf(':', 1);
  const name = text.slice(0, colon).trim();
  if (colon < 0 || !/^:?[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) {
    return `header ${JSON.stringify(text)}; write 'name: value'`;
  }
  return [name.toLowerCase(), text.slice(colon + 1).trim()];
}

/** A whole number from a flag. */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new UserError(`${flag} ${text}; it is a whole number from ${least} to ${most}.`);
  }
  return value;
}
