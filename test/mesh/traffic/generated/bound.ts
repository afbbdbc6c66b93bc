import { inBound } from '../../../../mesh/traffic/share';
import type { Expected } from './expected';

/**
 * Why counts do not match the expectation: an unexpected answer, or a count outside the 99.9 % bound; undefined if they
 * match. Without an expectation the model says `unknown`, which matches everything.
 */
export function misfit(expected: Expected, counts: ReadonlyMap<string, number>): string | undefined {
  if (expected.size === 0) return undefined;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  for (const text of counts.keys()) if (!expected.has(text)) return `unexpected: ${text}`;
  for (const [text, part] of expected) {
    const count = counts.get(text) ?? 0;
    if (!inBound(part, count, total)) return `${count} of ${total} for ${part}: ${text}`;
  }
  return undefined;
}
