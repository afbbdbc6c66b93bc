import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { expectedGone, expectedRoute, isVisible, sharedDestinations, type ExpectedRoute } from './expected-route';
import type { MeshView } from './mesh-view';
import type { ProxySyncView } from './proxy-sync';
import {
  formatProgress,
  judgeDestinations,
  judgeRoute,
  laggingLines,
  noRoute,
  withServed,
  type ProxyVerdict,
} from './verdicts';

interface ProofOptions {
  mesh: MeshView;
  timeoutMs: number;
  /** Takes one line at a time. */
  log: (line: string) => void;
}

/** Proxies that did not serve a change in time; the message names each of them and what it serves. */
export class LagError extends Error {
  override readonly name = 'LagError';

  constructor(
    what: string,
    milliseconds: number,
    /** The last verdict on every proxy. */
    readonly verdicts: readonly ProxyVerdict[],
  ) {
    const lines = laggingLines(verdicts).map((line) => `  ${line}`);
    super(
      [
        `${what} after ${seconds(milliseconds)}: ${lines.length === 1 ? '1 proxy lags' : `${lines.length} proxies lag`}`,
        ...lines,
      ].join('\n'),
    );
  }
}

/** Time, in milliseconds, to push and acknowledge a change that does not show in where proxies send requests. */
const invisibleChangeMs = 1000;

/**
 * Waits until every proxy can send requests to the destinations that are new in `after`. Call it before the VirtualService is written, so that a failure leaves the route unchanged.
 * @param restricted - DestinationRules of the route apply to some proxies only
 * @throws LagError after the timeout, ClusterError when istiod does not answer.
 */
export async function proveDestinations(
  before: KubernetesObject | undefined,
  after: KubernetesObject,
  restricted: boolean,
  options: ProofOptions,
): Promise<void> {
  const old = before === undefined ? [] : sharedDestinations(expectedRoute(before));
  const added = sharedDestinations(expectedRoute(after)).filter((name) => !old.includes(name));
  if (added.length === 0) return;
  const title = titleOf(after);
  const names = added.map((name) => name.split('|')[1] ?? name).join(', ');
  const waited = await wait(`${title}: waiting for ${names}`, options, (views) =>
    judgeDestinations(added, views, restricted),
  );
  if (!waited.live)
    throw new LagError(
      `${title} was not changed: not every proxy can reach ${names}`,
      waited.milliseconds,
      waited.verdicts,
    );
}

/**
 * Waits until every proxy that a VirtualService applies to serves `after` and has its destinations; without `after`, until no proxy serves it.
 * @param restricted - DestinationRules of the route apply to some proxies only
 * @returns one line for the log: how many proxies serve what, or why there is nothing to prove
 * @throws LagError after the timeout, ClusterError when istiod does not answer.
 */
export async function proveRoute(
  before: KubernetesObject | undefined,
  after: KubernetesObject | undefined,
  options: ProofOptions,
  restricted = false,
): Promise<string> {
  const object = after ?? before;
  if (object === undefined) return 'nothing to prove';
  const title = titleOf(object);
  const expected = after === undefined ? expectedGone(object) : expectedRoute(after);
  const invisible = before !== undefined && after !== undefined && !isVisible(expectedRoute(before), expected);
  const waited = await wait(
    `${title}: waiting`,
    options,
    judgeWithServed(expected, restricted),
    invisible ? { minimumMs: invisibleChangeMs } : {},
  );
  if (!waited.live) throw new LagError(`${title} is not live`, waited.milliseconds, waited.verdicts);
  return proven(title, waited, after === undefined);
}

/** The verdict on each proxy now, without waiting. */
export async function routeVerdicts(object: KubernetesObject, mesh: MeshView): Promise<ProxyVerdict[]> {
  return judgeWithServed(expectedRoute(object))(await mesh.look());
}

function judgeWithServed(
  expected: ExpectedRoute,
  restricted = false,
): (views: readonly ProxySyncView[]) => ProxyVerdict[] {
  return (views) => withServed(judgeRoute(expected, views, restricted), views, expected);
}

function wait(
  what: string,
  { mesh, timeoutMs, log }: ProofOptions,
  judge: WaitOptions['judge'],
  more: Partial<WaitOptions> = {},
): Promise<Waited> {
  const progress = (verdicts: readonly ProxyVerdict[]): void => {
    const [first, ...others] = laggingLines(verdicts);
    const more = others.length === 0 ? '' : `, and ${others.length} more`;
    log(`${what}, ${formatProgress(verdicts)} so far${first === undefined ? '' : `; ${first}${more}`}`);
  };
  return mesh.while(() => waitForProxies({ look: () => mesh.look(), judge, timeoutMs, progress, ...more }));
}

function proven(title: string, { verdicts, milliseconds }: Waited, gone: boolean): string {
  if (verdicts.length === 0) return `${title}: nothing to prove, no proxy is connected to istiod`;
  const concerned = verdicts.filter(({ state, why }) => state !== 'unconcerned' && why !== noRoute);
  if (gone) return `${title}: gone from ${formatProgress(verdicts)} after ${seconds(milliseconds)}`;
  if (concerned.length === 0) {
    return `${title}: nothing to prove, it applies to none of the ${verdicts.length} connected proxies (hosts, gateways, exportTo)`;
  }
  const serves = [...new Set(concerned.flatMap((verdict) => verdict.serves))].join(' | ');
  return `${title}: live on ${formatProgress(concerned)} after ${seconds(milliseconds)}${serves === '' ? '' : `, ${serves}`}`;
}

function titleOf({ metadata }: KubernetesObject): string {
  return `route ${metadata.namespace ?? 'default'}/${metadata.name}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

interface WaitOptions {
  /** Returns every connected proxy. */
  look: () => Promise<ProxySyncView[]>;
  judge: (views: readonly ProxySyncView[]) => ProxyVerdict[];
  timeoutMs: number;
  /** How long a verdict of `unsure` must last to be accepted. Defaults to 1000, ten times istiod's debounce (PILOT_DEBOUNCE_AFTER). */
  settleMs?: number;
  /** Shortest wait, for a change that does not show. Defaults to 0. */
  minimumMs?: number;
  /** Called every `progressMs`. */
  progress?: (verdicts: readonly ProxyVerdict[]) => void;
  /** Defaults to 5000. */
  progressMs?: number;
  /** A monotonic clock in milliseconds. Defaults to performance.now. */
  now?: () => number;
  /** Defaults to a timer. */
  pause?: (milliseconds: number) => Promise<unknown>;
}

interface Waited {
  /** The last verdict on every proxy, also on those that disconnected while they lagged. */
  verdicts: ProxyVerdict[];
  /** Whether no proxy lags. */
  live: boolean;
  milliseconds: number;
}

const firstPauseMs = 40;
const longestPauseMs = 400;

/**
 * Looks until every proxy is live or unconcerned, or the time is up. A lagging proxy that loses its connection to istiod keeps serving its old configuration, so it counts as lagging until it is back.
 * @throws the errors of `look`
 */
export async function waitForProxies(options: WaitOptions): Promise<Waited> {
  const { look, judge, timeoutMs, settleMs = 1000, minimumMs = 0, progress, progressMs = 5000 } = options;
  const { now = () => performance.now(), pause = sleep } = options;
  const began = now();
  const lagging = new Map<string, ProxyVerdict>();
  let unsureSince: number | undefined;
  let reported = began;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const verdicts = withLost(judge(await look()), lagging);
    const time = now();
    const waiting = verdicts.some(({ state }) => state === 'lags');
    const unsure = verdicts.some(({ state }) => state === 'unsure');
    unsureSince = unsure ? (unsureSince ?? time) : undefined;
    const settled = time - began >= minimumMs && (unsureSince === undefined || time - unsureSince >= settleMs);
    if (!waiting && settled) return { verdicts, live: true, milliseconds: time - began };
    // At the timeout, proxies that are only unsure count as live.
    if (time - began >= timeoutMs) return { verdicts, live: !waiting, milliseconds: time - began };
    if (time - reported >= progressMs) {
      reported = time;
      progress?.(verdicts);
    }
    await pause(Math.max(0, Math.min(pauseMs, began + timeoutMs - time)));
  }
}

function withLost(verdicts: ProxyVerdict[], lagging: Map<string, ProxyVerdict>): ProxyVerdict[] {
  const seen = new Set(verdicts.map(({ proxy }) => proxy));
  const lost = [...lagging.values()]
    .filter(({ proxy }) => !seen.has(proxy))
    .map((verdict) => ({ ...verdict, why: 'lost its connection to istiod before it had the change' }));
  lagging.clear();
  const all = [...verdicts, ...lost];
  for (const verdict of all) if (verdict.state === 'lags') lagging.set(verdict.proxy, verdict);
  return all;
}
