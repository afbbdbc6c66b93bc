import type { ProxyConfig } from './proxy-config';
import type { ProxySync } from './proxy-sync';

export type { XdsKind } from './proxy-sync';

/** A proxy that is connected to an istiod. */
export interface ProxyView extends ProxySync {
  /** Which istiod says so. */
  istiod: string;
  /** What the proxy itself says that it has; undefined when it cannot be asked. */
  config?: ProxyConfig;
  /** What it was last seen to have. */
  lastSeen?: ProxyConfig;
}

/** Number of the newest push that a proxy was sent something with. */
export function newestPush({ kinds }: ProxySync): number | undefined {
  const numbers = Object.values(kinds).flatMap(({ number }) => number ?? []);
  return numbers.length === 0 ? undefined : Math.max(...numbers);
}
