import assert from 'node:assert/strict';

/** Sends a request `times` times, `atOnce` in parallel, and counts the outcomes. */
export async function counts(times: number, ask: () => Promise<string>, atOnce = 8): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (let sent = 0; sent < times; sent += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, times - sent) }, ask);
    for (const outcome of await Promise.all(batch)) found[outcome] = (found[outcome] ?? 0) + 1;
  }
  return found;
}

/**
 * Fails unless a count lies within one and a half times `bound` of `expected`, and prints the count. The bound is three standard deviations of the binomial, which one run in
 * 370 misses by chance; four and a half are missed by one in 150,000.
 */
export function near(what: string, count: number | undefined, expected: number, bound: number): void {
  const actual = count ?? 0;
  const widest = bound * 1.5;
  console.log(`      ${what}: ${actual} (${expected} ± ${widest})`);
  assert.ok(Math.abs(actual - expected) <= widest, `${what}: ${actual} is not within ${expected} ± ${widest}`);
}
