import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { expectedGone, expectedRoute, isVisible, sharedDestinations, type ExpectedRoute } from './expected';
import { judgeDestinations } from './judge-destinations';
import { judgeRoute, noRoute } from './judge-route';
import type { MeshView } from './mesh-view';
import type { ProxyView } from './proxy-view';
import { laggingLines, progressText, withServed } from './report';
import type { Verdict } from './verdict';
import { waitForProxies, type Waited, type WaitOptions } from './wait';

export interface ProofOptions {
  mesh: MeshView;
  /** Milliseconds. */
  timeout: number;
  /** Hears one line at a time. */
  log: (line: string) => void;
}

/** Proxies that did not come to serve what was asked in time; the message names each and what it serves. */
export class LagError extends Error {
  override readonly name = 'LagError';

  constructor(
    what: string,
    milliseconds: number,
    /** The last word on every proxy. */
    readonly verdicts: readonly Verdict[],
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

/** How long a change that cannot be seen in the proxies' destinations is given to be pushed and acknowledged, in milliseconds. */
const unseenChange = 1000;

/**
 * Waits until every proxy can send requests to the destinations that `after` is to use and `before` did not. To be called before the VirtualService is written: a failure leaves it as it is.
 * @param restricted - DestinationRules of the route are not for everybody
 * @throws LagError when the time is up, LiveError when the proxies cannot be asked.
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
      `${title} is left as it is: not every proxy can reach ${names}`,
      waited.milliseconds,
      waited.verdicts,
    );
}

/**
 * Waits until every proxy that a VirtualService is for serves it as it is in `after`, and has what it sends requests to, or serves it no longer when that is undefined.
 * @param restricted - DestinationRules of the route are not for everybody
 * @returns one line for the log: how many serve what, or that there is nothing to prove and why
 * @throws LagError when the time is up, LiveError when the proxies cannot be asked.
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
  const unseen = before !== undefined && after !== undefined && !isVisible(expectedRoute(before), expected);
  const waited = await wait(
    `${title}: waiting`,
    options,
    judgeWithServed(expected, restricted),
    unseen ? { atLeast: unseenChange } : {},
  );
  if (!waited.live) throw new LagError(`${title} is not live`, waited.milliseconds, waited.verdicts);
  return proven(title, waited, after === undefined);
}

/** One look: what each proxy makes of the VirtualService. */
export async function routeVerdicts(object: KubernetesObject, mesh: MeshView): Promise<Verdict[]> {
  return judgeWithServed(expectedRoute(object))(await mesh.look());
}

function judgeWithServed(expected: ExpectedRoute, restricted = false): (views: readonly ProxyView[]) => Verdict[] {
  return (views) => withServed(judgeRoute(expected, views, restricted), views, expected);
}

function wait(
  what: string,
  { mesh, timeout, log }: ProofOptions,
  judge: WaitOptions['judge'],
  more: Partial<WaitOptions> = {},
): Promise<Waited> {
  const progress = (verdicts: readonly Verdict[]): void => {
    const [first, ...others] = laggingLines(verdicts);
    const more = others.length === 0 ? '' : `, and ${others.length} more`;
    log(`${what}, ${progressText(verdicts)} so far${first === undefined ? '' : `; ${first}${more}`}`);
  };
  return mesh.while(() => waitForProxies({ look: () => mesh.look(), judge, timeout, progress, ...more }));
}

function proven(title: string, { verdicts, milliseconds }: Waited, gone: boolean): string {
  if (verdicts.length === 0) return `${title}: nothing to prove, no proxy is connected to istiod`;
  const concerned = verdicts.filter(({ state, why }) => state !== 'unconcerned' && why !== noRoute);
  if (gone) return `${title}: gone from ${progressText(verdicts)} after ${seconds(milliseconds)}`;
  if (concerned.length === 0) {
    return `${title}: nothing to prove, it is for none of the ${verdicts.length} connected proxies (hosts, gateways, exportTo)`;
  }
  const serves = [...new Set(concerned.flatMap((verdict) => verdict.serves))].join(' | ');
  return `${title}: live on ${progressText(concerned)} after ${seconds(milliseconds)}${serves === '' ? '' : `, ${serves}`}`;
}

function titleOf({ metadata }: KubernetesObject): string {
  return `route ${metadata.namespace ?? 'default'}/${metadata.name}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
