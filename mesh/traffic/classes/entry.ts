import { canonical, without } from '../../json';
import { memoizeByIdentity } from '../../model/memoize';
import type { Literal } from '../matching/literal';
import { endsOf, type Places } from '../endpoints';
import type { Outcome, WeightedDestination } from '../outcome';
import { redirectStatus } from '../rewrite';
import type { CompiledRoute } from '../rules/routes';
import { fraction, share, type Share } from '../share';
import type { Client } from './clients';

/** The rules that one kind of sender meets when it asks for one host on one port. */
export interface Entry {
  client: Client;
  protocol: 'http' | 'https' | 'tcp' | 'tls';
  /** FQDN, or a wildcard. */
  host: string;
  port: number;
  routes: readonly CompiledRoute[];
  /** What becomes of those that no route takes. */
  otherwise: Outcome;
  /** What a route does. */
  outcome(route: CompiledRoute): Outcome;
  /** Where the requests of a destination end. */
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

/** A rule's conditions and what it does; the last is what becomes of those that no rule takes. */
export interface EntryOutcome {
  when: readonly Literal[];
  outcome: Outcome;
}

/** The outcome of each route in order, and of none. */
export const entryOutcomes = memoizeByIdentity((entry: Entry): EntryOutcome[] => [
  ...entry.routes.map((route) => ({ when: route.when, outcome: entry.outcome(route) })),
  { when: [], outcome: entry.otherwise },
]);

/** An outcome with the status of its redirect. */
export function withStatus(outcome: Outcome): Outcome {
  return outcome.redirect === undefined ? outcome : { ...outcome, status: redirectStatus(outcome.redirect) };
}

/** What each outcome of {@link entryOutcomes} comes to, as texts that are equal when requests notice no difference. */
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

/** An outcome without the place where its rule is written, which may change without any effect; what is written twice counts as one, in a fixed order. */
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
