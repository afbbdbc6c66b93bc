import type { Share } from '../../../traffic/share';
import { fraction } from '../../../traffic/share';
import type { Expected } from './expected';

/** Standard deviations that 99.9 % of binomial counts stay within. */
const deviations = 3.2905;

/** Why counts do not fit what was expected: a text that was not, or a count outside the 99.9 % bound; undefined when they fit. */
export function misfit(expected: Expected, counts: ReadonlyMap<string, number>): string | undefined {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  for (const text of counts.keys()) if (!expected.has(text)) return `unexpected: ${text}`;
  for (const [text, part] of expected) {
    const count = counts.get(text) ?? 0;
    if (!inBound(part, count, total)) return `${count} of ${total} for ${part}: ${text}`;
  }
  return undefined;
}

function inBound(part: Share, count: number, total: number): boolean {
  const chance = fraction(part).valueOf();
  // Half a request for the step from a count to the normal distribution.
  return Math.abs(count - total * chance) <= deviations * Math.sqrt(total * chance * (1 - chance)) + 0.5;
}
