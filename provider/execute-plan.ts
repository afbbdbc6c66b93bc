import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { dropped, expectedRoute, sharedDestinations } from '../cluster/proxies';
import { eachLimited } from '../mesh/collections';
import { objectTitle, type KubernetesObject } from '../mesh/manifests/kubernetes';
import { withWeightsOf } from '../mesh/manifests/route-weights';
import type { Cluster } from './cluster';
import type { LogMessage } from './engine-log';
import { belongsTo, isOfStack, isUnmarked, makerOf, owned, type Owner } from './ownership';
import { hostOf, restrictedHosts, type RouteChange, type RoutePlan } from './plan';
import type { Prover } from './prove';
import { isRoute, type ObjectsByTitle } from './route-state';

/** Objects of one Route that are written at a time. */
const parallel = 8;
/**
 * Time without writes by any Route of the run, in milliseconds, before objects are removed: the engine starts the
 * Routes one after the other.
 */
const quietTime = 500;
/** How often a route is proven again because its weights have moved meanwhile. */
const weightMoves = 5;

/** The concurrent updates of a run. Another route may still use what one route no longer needs. */
export class InFlightUpdates {
  private writing = 0;
  private last = performance.now();

  /** Counts an update while it writes. */
  async while<T>(write: () => Promise<T>): Promise<T> {
    this.writing += 1;
    try {
      return await write();
    } finally {
      this.writing -= 1;
      this.last = performance.now();
    }
  }

  /** Waits until no update writes. An update that writes must not call it. */
  async idle(signal: AbortSignal): Promise<void> {
    while (this.writing > 0 || performance.now() - this.last < quietTime) await sleep(50, undefined, { signal });
  }
}

export interface ApplyContext {
  cluster: Cluster;
  prover: Prover;
  /** Updates that write DestinationRules, and updates that write anything. */
  inFlight: { rules: InFlightUpdates; all: InFlightUpdates };
  log: LogMessage;
  owner: Owner;
  /** Who sets the weights in the cluster, if not the stack. */
  weightsOwnedBy: string | undefined;
  /** Titles of objects that the stack has adopted: without marks of their owner, they are this Route's. */
  adopted?: ReadonlySet<string>;
  signal: AbortSignal;
}

/** The result of a plan. */
export interface ApplyOutcome {
  /** The objects that are now in the cluster. */
  objects: Map<string, KubernetesObject>;
  /** Titles of VirtualServices that were written, but not proven. */
  unproven: string[];
  /** All failures, each with the title of its object. */
  failures: string[];
}

/**
 * Executes a plan as far as possible. A failure stops the steps that depend on it, and every removal.
 * @param before - the deployed objects
 */
export async function executePlan(
  plan: RoutePlan,
  before: ObjectsByTitle,
  context: ApplyContext,
): Promise<ApplyOutcome> {
  const outcome: ApplyOutcome = { objects: new Map(before), unproven: [], failures: [] };
  await context.prover.while(async () => {
    await context.inFlight.all.while(() => write(plan, outcome, context));
    if (outcome.failures.length === 0) await prune(plan, outcome, context);
  });
  return outcome;
}

/** DestinationRules, proof of reach, VirtualServices, proof of the routes, drain. */
async function write(plan: RoutePlan, outcome: ApplyOutcome, context: ApplyContext): Promise<void> {
  const { prover, inFlight, signal } = context;
  const attempt = attempts(outcome, signal);
  const failedRules = new Set<string>();
  await inFlight.rules.while(() =>
    eachLimited(plan.rules, parallel, async (change) => {
      const isWritten = await attempt(change.title, async () => {
        await apply(change, outcome, context);
      });
      if (!isWritten) failedRules.add(hostOf(change.after));
    }),
  );
  const restricted = restrictedHosts(outcome.objects);
  const isRestricted = (route: KubernetesObject): boolean =>
    destinationHosts(route).some((host) => restricted.has(host));
  const reached: RouteChange[] = [];
  await Promise.all(
    plan.routes.map((change) =>
      attempt(change.title, async () => {
        const failed = destinationHosts(change.after).find((host) => failedRules.has(host));
        if (failed !== undefined)
          throw new Error(`not updated: the DestinationRule for ${failed} could not be applied`);
        // Rules of other hosts belong to other Routes, which may be writing them at the moment.
        if (needsOthers(change, outcome.objects)) await inFlight.rules.idle(signal);
        await prover.reach(change.before, change.after, isRestricted(change.after));
        reached.push(change);
      }),
    ),
  );
  const written: RouteChange[] = [];
  await eachLimited(reached, parallel, async (change) => {
    await attempt(change.title, async () => {
      written.push({ ...change, after: await apply(change, outcome, context) });
    });
  });
  const proofs = [...written, ...plan.reprove].map((change): Proof => [
    change.title,
    () => proveLive(change, isRestricted(change.after), context),
  ]);
  outcome.unproven.push(...(await unproven(proofs, attempt, context.log)));
  if (outcome.failures.length > 0) return;
  await attempt('', () => prover.drain(written.flatMap(({ before, after }) => left(before, after))));
}

/** Writes one object; returns it as written. */
async function apply(
  { title, before, after }: RouteChange,
  outcome: ApplyOutcome,
  { cluster, log, owner, weightsOwnedBy }: ApplyContext,
): Promise<KubernetesObject> {
  log.progress(`${title} ${before === undefined ? 'creating' : 'updating'}`);
  const keeps = weightsOwnedBy !== undefined && isRoute(after);
  const written = await cluster.apply(owned(after, owner), keeps ? withWeightsOf : undefined);
  outcome.objects.set(title, after);
  log.progress(`${title} ${before === undefined ? 'created' : 'updated'}`);
  return keeps ? withWeightsOf(after, written) : after;
}

/** The owner of the weights may move them during the proof. */
async function proveLive(
  { before, after }: RouteChange,
  isRestricted: boolean,
  { cluster, prover, weightsOwnedBy }: ApplyContext,
): Promise<string | undefined> {
  const current = async (): Promise<KubernetesObject> => {
    const live = weightsOwnedBy === undefined ? undefined : await cluster.get(after);
    return live === undefined ? after : withWeightsOf(after, live);
  };
  let expected = await current();
  for (let moves = 0; ; moves++) {
    try {
      return await prover.live(before, expected, isRestricted);
    } catch (error) {
      const now = await current();
      if (moves === weightMoves || isDeepStrictEqual(now, expected)) throw error;
      expected = now;
    }
  }
}

/** Removes VirtualServices, then the DestinationRules that no route needs any more. */
async function prune(plan: RoutePlan, outcome: ApplyOutcome, context: ApplyContext): Promise<void> {
  const { prover, inFlight, log, signal } = context;
  if (plan.goneRoutes.length + plan.goneRules.length === 0) return;
  const attempt = attempts(outcome, signal);
  await attempt('', () => inFlight.all.idle(signal));
  const gone: [string, KubernetesObject][] = [];
  const removeAll = async (objects: readonly [string, KubernetesObject][]): Promise<void> =>
    eachLimited(objects, parallel, async ([title, object]) => {
      await attempt(title, async () => {
        if (await remove(title, object, context)) gone.push([title, object]);
        outcome.objects.delete(title);
      });
    });
  await removeAll(plan.goneRoutes);
  const proofs = gone.map(([title, object]): Proof => [title, () => prover.live(object, undefined)]);
  // An unproven removal stays in the state: the next update proves that the route is gone before it removes its
  // DestinationRules.
  for (const title of await unproven(proofs, attempt, log)) {
    const object = plan.goneRoutes.find(([other]) => other === title)?.[1];
    if (object !== undefined) outcome.objects.set(title, object);
  }
  if (outcome.failures.length > 0) return;
  await attempt('', () => prover.drain(gone.flatMap(([, object]) => left(object, undefined))));
  if (outcome.failures.length > 0) return;
  await removeAll(plan.goneRules);
}

/** @returns whether this Route owned the object; objects of others stay */
async function remove(
  title: string,
  object: KubernetesObject,
  { cluster, log, owner, adopted }: ApplyContext,
): Promise<boolean> {
  const live = await cluster.metadata(object);
  const isAdopted = live !== undefined && adopted?.has(title) === true && isUnmarked(live);
  if (live !== undefined && !belongsTo(live, owner) && !isAdopted) {
    // Another Route of the stack may have taken it over in this very update.
    if (!isOfStack(live, owner)) log.info(`${title} stays: this stack did not create it${makerOf(live)}`);
    return false;
  }
  if (live === undefined) return true;
  log.progress(`${title} deleting`);
  await cluster.remove(object);
  log.progress(`${title} deleted`);
  return true;
}

/** A route with the proof that the proxies serve it, or no longer serve it. */
type Proof = [title: string, prove: () => Promise<string | undefined>];

/** Runs proofs and logs what they found; returns the titles of the routes that failed. */
async function unproven(proofs: readonly Proof[], attempt: Attempt, log: LogMessage): Promise<string[]> {
  const lines: string[] = [];
  const failed: string[] = [];
  await Promise.all(
    proofs.map(async ([title, prove]) => {
      const isProven = await attempt(title, async () => {
        const line = await prove();
        if (line !== undefined) lines.push(line);
      });
      if (!isProven) failed.push(title);
    }),
  );
  for (const line of new Set(lines.sort())) log.info(line);
  return failed;
}

type Attempt = (title: string, work: () => Promise<void>) => Promise<boolean>;

/** Runs a step and records its failure under the title of its object. */
function attempts({ failures }: ApplyOutcome, signal: AbortSignal): Attempt {
  return async (title, work) => {
    try {
      signal.throwIfAborted();
      await work();
      return true;
    } catch (error) {
      const message = signal.aborted ? 'cancelled' : (error as Error).message;
      failures.push(title === '' ? message : `${title}: ${message}`);
      return false;
    }
  };
}

/** Destinations that a route no longer uses, for the log. */
function left(before: KubernetesObject | undefined, after: KubernetesObject | undefined): string[] {
  if (before === undefined) return [];
  const destinations = dropped(before, after);
  return destinations.length === 0 ? [] : [`${objectTitle(before)}: ${destinations.join(', ')}`];
}

/** Whether a route sends requests to subsets of hosts for which this Route has no rule. */
function needsOthers({ after }: RouteChange, objects: ObjectsByTitle): boolean {
  const own = new Set([...objects.values()].filter((object) => !isRoute(object)).map(hostOf));
  return sharedDestinations(expectedRoute(after)).some((name) => {
    const [host = name, subset = ''] = name.split('|');
    return subset !== '' && !own.has(host);
  });
}

function destinationHosts(route: KubernetesObject): string[] {
  return sharedDestinations(expectedRoute(route)).map((name) => name.split('|')[0] ?? name);
}
