import { canonical, without } from '../../json';
import { memoizeByIdentity } from '../../model/memoize';
import type { Literal } from '../matching/literal';
import { endsOf, type Places } from '../endpoints';
import type { Outcome, WeightedDestination } from '../outcome';
import { redirectStatus } from '../rewrite';
import type { CompiledRoute } from '../rules/routes';
import { fraction, share, type Share } from '../share';
import type { Client } from './clients';

/** The rules for requests of one kind of sender to one host and port. */
export interface Entry {
  client: Client;
  protocol: 'http' | 'https' | 'tcp' | 'tls';
  /** FQDN, or a wildcard. */
  host: string;
  port: number;
  routes: readonly CompiledRoute[];
  /** The outcome of requests that no route takes. */
  otherwise: Outcome;
  /** The outcome of a route. */
  outcome(route: CompiledRoute): Outcome;
  /** The places where the requests of a destination end. */
  places: Places;
}

/** Identity of an entry, the same before and after a change. */
export function entryKey({
  client,
  protocol,
  host,
  port,
}: Pick<Entry, 'client' | 'protocol' | 'host' | 'port'>): string {
  return `${client.title} ${protocol}://${host}:${port}`;
}

/** The conditions and outcome of each rule; the last one is for requests that no rule takes. */
export interface EntryOutcome {
  when: readonly Literal[];
  outcome: Outcome;
}

/** The outcome of each route in order, then the outcome without a route. */
export const entryOutcomes = memoizeByIdentity((entry: Entry): EntryOutcome[] => [
  ...entry.routes.map((route) => ({ when: route.when, outcome: entry.outcome(route) })),
  { when: [], outcome: entry.otherwise },
]);

/** An outcome with the status of its redirect. */
export function withStatus(outcome: Outcome): Outcome {
  return outcome.redirect === undefined ? outcome : { ...outcome, status: redirectStatus(outcome.redirect) };
}

/** The effect of each outcome of {@link entryOutcomes}, as strings that are equal if requests notice no difference. */
export const behaviours = memoizeByIdentity((entry: Entry): string[] =>
  entryOutcomes(entry).map(({ outcome }) =>
    canonical({ ...behaviour(outcome), ends: Object.fromEntries(endsOf(outcome, entry.places)) }),
  ),
);

/** Whether two versions of one entry treat all requests alike, rule by rule. */
export function isSameEntry(before: Entry, after: Entry): boolean {
  const conditions = ({ routes }: Entry): string => JSON.stringify(routes.map(({ when, unless }) => [when, unless]));
  return (
    before.routes.length === after.routes.length &&
    conditions(before) === conditions(after) &&
    behaviours(before).every((text, index) => text === behaviours(after)[index])
  );
}

/**
 * An outcome without the place of its rule, which may change without any effect. Repeated destinations are merged and
 * sorted.
 */
function behaviour(outcome: Outcome): Record<string, unknown> {
  const { destinations } = outcome;
  return {
    ...without({ ...outcome }, 'rule', 'why'),
    ...(destinations && { destinations: shares(destinations) }),
  };
}

function shares(destinations: readonly WeightedDestination[]): unknown {
  if (destinations.length === 1) return destinations;
  const sums = new Map<string, Share>();
  for (const destination of destinations) {
    const key = canonical(without({ ...destination }, 'share'));
    sums.set(key, share(fraction(sums.get(key) ?? '0').add(fraction(destination.share))));
  }
  return Object.fromEntries(sums);
}
