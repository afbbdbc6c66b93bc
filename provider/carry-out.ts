import { objectTitle, type KubernetesObject } from '../mesh/manifests/kubernetes';
import { dropped, expectedRoute, sharedDestinations } from '../cluster/proxies';
import type { Cluster } from './cluster';
import { each } from './each';
import type { Log } from './engine-log';
import type { Makers } from './makers';
import { hostOf, restrictedHosts, type Change, type Plan } from './plan';
import type { Prover } from './prove';
import { isOfAnother, isRoute, labelled, type Objects } from './set';

/** Objects written at a time: as many as there are connections. */
const parallel = 8;
/** Lines said of single routes; the rest is counted. */
const spoken = 5;
/** Up to so many changes each is told as it is made, as the engine does with resources. */
const few = 10;

export interface Means {
  cluster: Cluster;
  prover: Prover;
  /** Of the whole run. */
  makers: Makers;
  log: Log;
  /** Of the set, for the objects' label. */
  id: string;
  signal: AbortSignal;
}

/** What has become of a plan. */
export interface Outcome {
  /** The objects as the cluster has them now. */
  objects: Map<string, KubernetesObject>;
  /** Titles of routes that were written, but are not known to be live. */
  unproven: string[];
  /** Everything that went wrong, each with the title of its object. */
  failures: string[];
}

/**
 * Carries a plan out as far as it can: what fails holds back what needs it, and nothing is taken away as long as anything has failed.
 * @param before - the objects as they are
 * @param listed - titles of objects that are known to be there with the set's label; of others it is asked whose they are before they are deleted
 */
export async function carryOut(
  plan: Plan,
  before: Objects,
  listed: ReadonlySet<string>,
  means: Means,
): Promise<Outcome> {
  const outcome: Outcome = { objects: new Map(before), unproven: [], failures: [] };
  await means.prover.while(async () => {
    await means.makers.while(() => make(plan, outcome, means));
    if (outcome.failures.length === 0) await takeAway(plan, outcome, listed, means);
  });
  return outcome;
}

async function make(plan: Plan, outcome: Outcome, { cluster, prover, log, id, signal }: Means): Promise<void> {
  const attempt = attempts(outcome, signal);
  const tell = teller(plan, log);
  const write = async ({ title, before, after }: Change): Promise<void> => {
    tell(`${title} ${before === undefined ? 'creating' : 'updating'}`);
    await cluster.apply(labelled(after, id));
    outcome.objects.set(title, after);
    tell(`${title} ${before === undefined ? 'created' : 'updated'}`);
  };
  const failedRules = new Set<string>();
  await each(plan.rules, parallel, async (change) => {
    if (!(await attempt(change.title, () => write(change)))) failedRules.add(hostOf(change.after));
  });
  const narrow = restrictedHosts(outcome.objects);
  const isRestricted = (route: KubernetesObject): boolean => hostsOf(route).some((host) => narrow.has(host));
  const reached: Change[] = [];
  await Promise.all(
    plan.routes.map((change) =>
      attempt(change.title, async () => {
        const missing = hostsOf(change.after).find((host) => failedRules.has(host));
        if (missing !== undefined) throw new Error(`left as it is, as a DestinationRule of ${missing} was not written`);
        await prover.reach(change.before, change.after, isRestricted(change.after));
        reached.push(change);
      }),
    ),
  );
  const written: Change[] = [];
  await each(reached, parallel, async (change) => {
    if (await attempt(change.title, () => write(change))) written.push(change);
  });
  const proofs = [...written, ...plan.again].map(({ title, before, after }): Look => [
    title,
    () => prover.live(before, after, isRestricted(after)),
  ]);
  outcome.unproven.push(...(await unseen(proofs, attempt, log)));
  if (outcome.failures.length > 0) return;
  await attempt('', () =>
    prover.drain(written.flatMap(({ before, after }) => (before === undefined ? [] : leaving(before, after)))),
  );
}

async function takeAway(plan: Plan, outcome: Outcome, listed: ReadonlySet<string>, means: Means): Promise<void> {
  const { cluster, prover, makers, log, id, signal } = means;
  const attempt = attempts(outcome, signal);
  const tell = teller(plan, log);
  /** Whether it was the set's; what another set has taken over stays, and is not to be seen going. */
  const remove = async ([title, object]: [string, KubernetesObject]): Promise<boolean> => {
    let ours = true;
    const done = await attempt(title, async () => {
      const there = listed.has(title) ? object : await cluster.get(object);
      ours = listed.has(title) || there === undefined || !isOfAnother(there, id);
      if (ours && there !== undefined) {
        tell(`${title} deleting`);
        await cluster.remove(object);
        tell(`${title} deleted`);
      }
      outcome.objects.delete(title);
    });
    return done && ours;
  };
  if (plan.goneRoutes.length > 0) await attempt('', () => makers.done(signal));
  const gone: [string, KubernetesObject][] = [];
  await each(plan.goneRoutes, parallel, async (one) => {
    if (await remove(one)) gone.push(one);
  });
  const looks = gone.map(([title, object]): Look => [title, () => prover.live(object, undefined)]);
  const missed = await unseen(looks, attempt, log);
  // Still there for the next update, which is to see them gone before it takes away what they used.
  for (const [title, object] of gone) if (missed.includes(title)) outcome.objects.set(title, object);
  if (outcome.failures.length > 0) return;
  if (plan.goneRules.length > 0)
    await attempt('', () => prover.drain(gone.flatMap(([, object]) => leaving(object, undefined))));
  if (outcome.failures.length > 0) return;
  await each(plan.goneRules, parallel, async (one) => {
    await remove(one);
  });
}

/** Tells what becomes of single objects, unless they are many. */
function teller({ rules, routes, goneRoutes, goneRules }: Plan, log: Log): (line: string) => void {
  const isFew = [rules, routes, goneRoutes, goneRules].flat().length <= few;
  return (line) => {
    if (isFew) log.info(line);
  };
}

/** Title of a route, and how it is seen to be live, or gone. */
type Look = [title: string, look: () => Promise<string | undefined>];

/** Has every route seen, and says what was seen; returns the titles of those that were not. */
async function unseen(looks: readonly Look[], attempt: Attempt, log: Log): Promise<string[]> {
  const lines: string[] = [];
  const missed: string[] = [];
  await Promise.all(
    looks.map(async ([title, look]) => {
      const seen = await attempt(title, async () => {
        const line = await look();
        if (line !== undefined) lines.push(line);
      });
      if (!seen) missed.push(title);
    }),
  );
  say(lines, log);
  return missed;
}

type Attempt = (title: string, work: () => Promise<void>) => Promise<boolean>;

/** Runs one step, and notes its failure under the title of its object. */
function attempts({ failures }: Outcome, signal: AbortSignal): Attempt {
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

function say(lines: string[], log: Log): void {
  const unique = [...new Set(lines.sort())];
  for (const line of unique.slice(0, spoken)) log.info(line);
  if (unique.length > spoken) log.info(`and ${unique.length - spoken} more routes like these`);
}

function leaving(before: KubernetesObject, after: KubernetesObject | undefined): string[] {
  const left = dropped(before, after);
  return left.length === 0 ? [] : [`${objectTitle(before)}: ${left.join(', ')}`];
}

function hostsOf(route: KubernetesObject): string[] {
  if (!isRoute(route)) return [];
  return sharedDestinations(expectedRoute(route)).map((name) => name.split('|')[0] ?? name);
}
