import type { ProxyConfig } from './proxy-config';
import type { ProxySync } from './proxy-sync';

export type { XdsKind } from './proxy-sync';

/** A connected proxy, as its istiod sees it: what it is served, and what of it was acknowledged, looked at in this order. */
export interface ProxyView extends ProxySync {
  /** Which istiod said so. */
  istiod: string;
  config: ProxyConfig;
  /** What it was last seen to have acknowledged as a whole; undefined when it never was. */
  acknowledged?: ProxyConfig;
}
