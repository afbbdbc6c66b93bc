import { canonical, without } from '../../json';
import { classWords, exampleOf } from '../classes/classes';
import { behaviours, type Entry, entryOutcomes } from '../classes/entry';
import { regionMember } from '../solve/satisfy';
import { conditionList, placeWords } from '../words';
import { endsOf } from '../endpoints';
import type { Outcome } from '../outcome';
import { fraction, share, type Share } from '../share';
import { unknownsOf } from '../unknowns';

/** Requests whose outcome changes. */
export interface Move {
  /** Senders, e.g. `workloads`. */
  from: string;
  protocol: Entry['protocol'];
  host: string;
  port: number;
  /** Conditions in words; `all requests` when there is none. */
  who: string;
  /** Each of the conditions in words. */
  conditions: string[];
  /** True when it is not certain that such requests exist (regexes too large to compare). */
  uncertain: boolean;
  example?: Record<string, string>;
  before: Outcome;
  after: Outcome;
  /** Part of these requests that goes elsewhere; 0 if they keep their destinations, but are treated in another way. */
  moved: Share;
  /** Where they end, if the destinations are the same but the pods behind them change. */
  ends?: { before: Record<string, Share>; after: Record<string, Share> };
  /** Unknown facts that the answer depends on. */
  unknown?: string[];
  /** Only unknown facts differ, so it is unclear whether anything changes. */
  isOpen?: true;
}

/**
 * The differences between two versions of an entry: every pair of rules, one before and one after, that takes some
 * request and treats it differently.
 */
export function entryMoves(before: Entry, after: Entry): Move[] {
  const [olds, news] = [entryOutcomes(before), entryOutcomes(after)];
  const [oldTexts, newTexts] = [behaviours(before), behaviours(after)];
  const { client, protocol, host, port } = after;
  const moves: Move[] = [];
  olds.forEach((old, oldIndex) => {
    news.forEach((next, newIndex) => {
      if (oldTexts[oldIndex] === newTexts[newIndex]) return;
      const regions = [
        { routes: before.routes, index: oldIndex },
        { routes: after.routes, index: newIndex },
      ];
      const member = regionMember(regions, client.given);
      if (member === 'none') return;
      const [endsBefore, endsAfter] = [endsOf(old.outcome, before.places), endsOf(next.outcome, after.places)];
      const moved = movedShare(endsBefore, endsAfter);
      const isSamePlace = placeWords(old.outcome) === placeWords(next.outcome);
      const unknown = [
        ...new Set([old.outcome, next.outcome].filter(({ kind }) => kind !== 'unknown').flatMap(unknownsOf)),
      ];
      const when = [...old.when, ...next.when];
      moves.push({
        from: client.title,
        protocol,
        host,
        port,
        who: classWords(when, oldIndex + newIndex, [before.routes[oldIndex], after.routes[newIndex]]),
        conditions: conditionList(when),
        uncertain: member === 'open',
        ...(member === 'open' ? {} : { example: exampleOf(member) }),
        before: old.outcome,
        after: next.outcome,
        moved,
        ...(moved === '0' || !isSamePlace
          ? {}
          : { ends: { before: Object.fromEntries(endsBefore), after: Object.fromEntries(endsAfter) } }),
        ...(unknown.length === 0 ? {} : { unknown }),
        ...(knownPart(old.outcome) === knownPart(next.outcome) && moved === '0' ? { isOpen: true as const } : {}),
      });
    });
  });
  return moves;
}

/** An outcome without its unknowns. */
function knownPart(outcome: Outcome): string {
  const { destinations = [], mirrors = [] } = outcome;
  const known = (all: readonly object[]): object[] => all.map((one) => without({ ...one }, 'unknown'));
  return canonical({
    ...without({ ...outcome }, 'unknown', 'rule', 'why'),
    destinations: known(destinations),
    mirrors: known(mirrors),
  });
}

/** Half the sum of the differences between two distributions: the part that must move to turn one into the other. */
function movedShare(old: ReadonlyMap<string, Share>, next: ReadonlyMap<string, Share>): Share {
  let moved = fraction('0');
  for (const place of new Set([...old.keys(), ...next.keys()])) {
    const gone = fraction(old.get(place) ?? '0').sub(fraction(next.get(place) ?? '0'));
    if (gone.gt(0)) moved = moved.add(gone);
  }
  return share(moved);
}
