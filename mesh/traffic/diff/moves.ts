import { behaviours, entryOutcomes, type Entry } from '../classes/entry';
import type { Places } from '../classes/places';
import { regionMember } from '../classes/region';
import { exampleOf } from '../classes/classes';
import { conditionWords } from '../classes/words';
import type { Literal } from '../matching/literal';
import { endsOf } from '../ends';
import type { Outcome } from '../outcome';
import { fraction, share, type Share } from '../share';

/** Requests whose outcome is another one after the change. */
export interface Move {
  /** Senders, e.g. `workloads`. */
  from: string;
  protocol: Entry['protocol'];
  host: string;
  port: number;
  /** Conditions in words; `everybody` when there is none. */
  who: string;
  /** True when it is not certain that such requests exist (regexes too large to compare). */
  uncertain: boolean;
  example?: Record<string, string>;
  before: Outcome;
  after: Outcome;
  /** Part of these requests that goes somewhere else; 0 when they go where they went, but are treated in another way. */
  moved: Share;
}

/** Where two versions of one entry part: every pair of rules that some request meets before and after, and that do not do the same. */
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
      moves.push({
        from: client.title,
        protocol,
        host,
        port,
        who: whoWords([...old.when, ...next.when], oldIndex + newIndex > 0),
        uncertain: member === 'open',
        ...(member === 'open' ? {} : { example: exampleOf(member) }),
        before: old.outcome,
        after: next.outcome,
        moved: movedShare(old.outcome, before.places, next.outcome, after.places),
      });
    });
  });
  return moves;
}

function whoWords(when: readonly Literal[], hasEarlier: boolean): string {
  return when.length === 0 && hasEarlier ? 'everybody else' : conditionWords(when);
}

/** Half the sum of the differences between two distributions: what has to move to make one the other. */
export function movedShare(before: Outcome, placesBefore: Places, after: Outcome, placesAfter: Places): Share {
  const [old, next] = [endsOf(before, placesBefore), endsOf(after, placesAfter)];
  let moved = fraction('0');
  for (const place of new Set([...old.keys(), ...next.keys()])) {
    const gone = fraction(old.get(place) ?? '0').sub(fraction(next.get(place) ?? '0'));
    if (gone.gt(0)) moved = moved.add(gone);
  }
  return share(moved);
}
