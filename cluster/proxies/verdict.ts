import type { ProxyView, XdsKind } from './proxy-view';

/**
 * - `live`: the proxy itself has it, and has acknowledged all that it was sent.
 * - `unsure`: nothing speaks against it, but nothing proves it; counts only when it stays so for a while.
 * - `lags`: not there yet.
 * - `unconcerned`: the change is not for this proxy.
 */
export type ProxyState = 'live' | 'unsure' | 'lags' | 'unconcerned';

/** What is to be said of one proxy. */
export interface Verdict {
  /** `<pod>.<namespace>` */
  proxy: string;
  istiod: string;
  state: ProxyState;
  /** Why it is not live. */
  why?: string;
  /** Splits that it serves, as text. */
  serves: string[];
}

/** Why a proxy is not through with what its istiod has sent it; undefined when it is. */
export function unacknowledged(view: ProxyView, kinds: readonly XdsKind[]): string | undefined {
  for (const kind of kinds) {
    const { acked, error } = view.kinds[kind];
    if (error !== undefined) return `refused its ${kind}: ${error}`;
    if (!acked) return `has not acknowledged its ${kind}`;
  }
  return undefined;
}

/** Why nothing is known of a proxy's configuration. */
export const notAsked = 'cannot be asked itself';
