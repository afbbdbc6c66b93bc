import type { ProxyView, XdsKind } from './proxy-view';

/**
 * - `live`: acknowledged, for certain.
 * - `unsure`: nothing speaks against it, but what was seen may be older than the change; certain only when it stays so for a while.
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

const names: Record<XdsKind, string> = {
  clusters: 'clusters',
  endpoints: 'endpoints',
  listeners: 'listeners',
  routes: 'routes',
};

/**
 * How far a proxy is with what istiod has for it. A push reaches a proxy in several messages, one for each kind, and istiod's view of the mesh moves on before the first of them is sent: a
 * message is known to hold what is in the view only when its push is the view's or a later one. istiod leaves out messages in which nothing changed, hence `unsure` and not `lags`.
 */
export function acknowledgement(view: ProxyView, kinds: readonly XdsKind[]): Pick<Verdict, 'state' | 'why'> {
  const asked = kinds.filter((kind) => view.kinds[kind].sent !== undefined);
  for (const kind of asked) {
    const { acked, error } = view.kinds[kind];
    if (error !== undefined) return { state: 'lags', why: `refused its ${names[kind]}: ${error}` };
    if (!acked) return { state: 'lags', why: `has not acknowledged its ${names[kind]}` };
  }
  const known =
    asked.length > 0 && asked.every((kind) => (view.kinds[kind].number ?? -1) >= (view.config.number ?? Infinity));
  return known ? { state: 'live' } : { state: 'unsure', why: 'has acknowledged an earlier push' };
}
