import { fraction, type Share } from './share';

/** Standard deviations that 99.9 % of binomial counts stay within. */
const deviations = 3.2905;

/** Whether a count of so many requests is one that a chance explains: inside the 99.9 % bound. */
export function inBound(chance: Share, count: number, total: number): boolean {
  const part = fraction(chance).valueOf();
  // Half a request for the step from a count to the normal distribution.
  return Math.abs(count - total * part) <= deviations * Math.sqrt(total * part * (1 - part)) + 0.5;
}
