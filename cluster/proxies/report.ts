import type { ExpectedRoute } from './expected';
import { servedSplits } from './judge-route';
import type { ProxyView } from './proxy-view';
import { splitText } from './split';
import type { Verdict } from './verdict';

/** Verdicts with, for each proxy that lags, what it serves meanwhile: what it was last seen to have, when it does not answer any more. */
export function withServed(verdicts: Verdict[], views: readonly ProxyView[], expected: ExpectedRoute): Verdict[] {
  return verdicts.map((verdict) => {
    const view = views.find(({ proxy, istiod }) => proxy === verdict.proxy && istiod === verdict.istiod);
    if (verdict.state !== 'lags' || view === undefined || view.config !== undefined) return verdict;
    if (view.lastSeen === undefined) return verdict;
    return { ...verdict, serves: servedSplits(expected, { ...view, config: view.lastSeen }).map(splitText) };
  });
}

/** `edge-0.shop: has not acknowledged its routes; serves v1 90 %, v3 10 %` for each proxy that lags. */
export function laggingLines(verdicts: readonly Verdict[]): string[] {
  return verdicts
    .filter(({ state }) => state === 'lags')
    .map(({ proxy, why, serves }) => {
      const what = serves.length === 0 ? '' : `; serves ${serves.join(' | ')}`;
      return `${proxy}: ${why ?? 'is not there yet'}${what}`;
    });
}

/** `3 of 10 proxies`; those that the change is not for do not count. */
export function progressText(verdicts: readonly Verdict[]): string {
  const concerned = verdicts.filter(({ state }) => state !== 'unconcerned');
  const there = concerned.filter(({ state }) => state !== 'lags');
  return `${there.length} of ${concerned.length} ${concerned.length === 1 ? 'proxy' : 'proxies'}`;
}
