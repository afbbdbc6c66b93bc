/** Where a debug page is. */
export interface Address {
  host: string;
  port?: number;
}

/** `host`, `host:port` or `[address]:port`, with a port from 1 to 65535. */
export const addressPattern =
  /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))(?::([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?$/;

/** What it takes, in words. */
export const addressRule = 'must be an address, host or host:port, without a scheme or a path';

/** A proxy as istiod lists it. */
export const proxyNamePattern = /^[^\s.=][^\s=]*\.[^\s.=]+$/;

/** What it takes, in words. */
export const proxyNameRule = "must be a proxy's name, <pod>.<namespace>";

/** The parts of an address; undefined for anything that {@link addressPattern} refuses, such as a URL. */
export function parseAddress(text: string): Address | undefined {
  const [, bracketed, plain, port] = addressPattern.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) return undefined;
  return { host, ...(port === undefined ? {} : { port: Number(port) }) };
}
