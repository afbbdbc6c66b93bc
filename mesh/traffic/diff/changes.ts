import type { Outcome } from '../outcome';
import { placeWords, treatmentWords } from '../words';
import type { GroupedMove } from './traffic-diff';

/** What differs between two outcomes, in words: where requests go and how they are treated, each only when it changes. */
export function changeWords({ before, after }: Pick<GroupedMove, 'before' | 'after'>): { from: string; to: string } {
  const [oldPlace, newPlace] = [placeWords(before), placeWords(after)];
  const old = treatmentWords(before).filter((words) => !treatmentWords(after).includes(words));
  const next = treatmentWords(after).filter((words) => !treatmentWords(before).includes(words));
  const places = oldPlace === newPlace && (old.length > 0 || next.length > 0) ? [[], []] : [[oldPlace], [newPlace]];
  return {
    from: [...(places[0] ?? []), ...old].join('; ') || sameOtherwise(before),
    to: [...(places[1] ?? []), ...next].join('; ') || sameOtherwise(after),
  };
}

/** A side without anything of its own: `timeout 1s` against nothing. */
function sameOtherwise({ kind }: Outcome): string {
  return kind === 'routed' ? 'without' : '-';
}
