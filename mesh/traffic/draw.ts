import type { Outcome } from './outcome';
import { fraction } from './share';
import { destinationWords, placeWords } from './words';

/** A source of numbers in [0, 1). */
export type Random = () => number;

/**
 * Draws requests: counts by where they end, in the order in which they first came. Injected errors are drawn before destinations, as the proxy does.
 */
export function draw(outcome: Outcome, requests: number, random: Random): Map<string, number> {
  const counts = new Map<string, number>();
  for (let request = 0; request < requests; request++) {
    const place = drawOne(outcome, random);
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  return counts;
}

function drawOne(outcome: Outcome, random: Random): string {
  const { abort } = outcome.fault ?? {};
  if (abort !== undefined && random() < fraction(abort.share).valueOf())
    return `abort ${abort.status ?? abort.grpcStatus ?? ''}`;
  if (outcome.kind !== 'routed') return placeWords(outcome);
  const at = random();
  let passed = 0;
  for (const destination of outcome.destinations ?? []) {
    passed += fraction(destination.share).valueOf();
    if (at < passed) return `${destinationWords(destination)}${destination.missing === undefined ? '' : ' (503)'}`;
  }
  return destinationWords(outcome.destinations?.at(-1) ?? { host: '' });
}

/** A generator that gives the same numbers for the same seed on every machine (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
