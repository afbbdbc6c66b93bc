import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyView } from './proxy-view';
import type { Verdict } from './verdict';

export interface WaitOptions {
  /** Every connected proxy, as it is now. */
  look: () => Promise<ProxyView[]>;
  judge: (views: readonly ProxyView[]) => Verdict[];
  /** Milliseconds after which proxies that are not there yet are given up. */
  timeout: number;
  /** Milliseconds for which a verdict of `unsure` must stand to count. Defaults to 1000, ten times istiod's debounce (PILOT_DEBOUNCE_AFTER). */
  settle?: number;
  /** Milliseconds to wait in any case, for a change that cannot be seen. Defaults to none. */
  atLeast?: number;
  /** Hears how far it is, every `progressInterval`. */
  progress?: (verdicts: readonly Verdict[]) => void;
  /** In milliseconds. Defaults to 5000. */
  progressInterval?: number;
  /** Milliseconds since some point in time. Defaults to the machine's clock. */
  now?: () => number;
  /** Defaults to a timer. */
  pause?: (milliseconds: number) => Promise<unknown>;
}

export interface Waited {
  /** The last word on every proxy, those included that went away while they lagged. */
  verdicts: Verdict[];
  /** Whether nobody lags. */
  live: boolean;
  milliseconds: number;
}

const firstPause = 40;
const longestPause = 400;

/**
 * Looks until no proxy lags and none is unsure, or the time is up. A proxy that lags and then loses its istiod still serves what it has: it goes on lagging until it comes back or the time is up.
 * @throws what `look` throws
 */
export async function waitForProxies(options: WaitOptions): Promise<Waited> {
  const { look, judge, timeout, settle = 1000, atLeast = 0, progress, progressInterval = 5000 } = options;
  const { now = () => performance.now(), pause = sleep } = options;
  const began = now();
  const lagging = new Map<string, Verdict>();
  let unsureSince: number | undefined;
  let told = began;
  for (let wait = firstPause; ; wait = Math.min(wait * 1.5, longestPause)) {
    const verdicts = withLost(judge(await look()), lagging);
    const time = now();
    const waiting = verdicts.some(({ state }) => state === 'lags');
    const unsure = verdicts.some(({ state }) => state === 'unsure');
    unsureSince = unsure ? (unsureSince ?? time) : undefined;
    const settled = time - began >= atLeast && (unsureSince === undefined || time - unsureSince >= settle);
    if (!waiting && settled) return { verdicts, live: true, milliseconds: time - began };
    // What is unsure for less than the settling time when the time is up has nothing that speaks against it.
    if (time - began >= timeout) return { verdicts, live: !waiting, milliseconds: time - began };
    if (time - told >= progressInterval) {
      told = time;
      progress?.(verdicts);
    }
    await pause(Math.max(0, Math.min(wait, began + timeout - time)));
  }
}

function withLost(verdicts: Verdict[], lagging: Map<string, Verdict>): Verdict[] {
  const seen = new Set(verdicts.map(({ proxy }) => proxy));
  const lost = [...lagging.values()]
    .filter(({ proxy }) => !seen.has(proxy))
    .map((verdict) => ({ ...verdict, why: 'lost its connection to istiod before it had the change' }));
  lagging.clear();
  const all = [...verdicts, ...lost];
  for (const verdict of all) if (verdict.state === 'lags') lagging.set(verdict.proxy, verdict);
  return all;
}
