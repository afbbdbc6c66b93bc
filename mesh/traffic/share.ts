import FractionJs from 'fraction.js';

/** A part of a whole, exact and in lowest terms: `9/10`, `1`, `0`. Text, so that outcomes stay plain data; {@link fraction} calculates with it. */
export type Share = string;

type Fraction = InstanceType<typeof FractionJs>;

export function fraction(share: Share): Fraction {
  return new FractionJs(share);
}

export function share(part: number | Fraction, whole = 1): Share {
  return new FractionJs(part).div(whole).toFraction();
}

/** `90 %`, `33.33 %`: at most two decimals. A value is shown as 0 or 100 only if it is exactly that. */
export function percent(value: Share): string {
  const exact = fraction(value).mul(100);
  const rounded = exact.round(2);
  if (rounded.equals(0) && !exact.equals(0)) return '< 0.01 %';
  if (rounded.equals(100) && !exact.equals(100)) return '> 99.99 %';
  return `${rounded.valueOf()} %`;
}

/** The probability of each tail outside the 99.9 % bound. */
const tail = 0.0005;

/** The counts that a chance explains, of so many requests: fewer than `least` and more than `most` come up once in 2,000 times each. */
export interface Bound {
  least: number;
  most: number;
}

/** The two-sided 99.9 % bound of the binomial distribution, exact also for small chances and few requests. */
export function binomialBound(chance: Share, total: number): Bound {
  const part = fraction(chance).valueOf();
  if (part <= 0) return { least: 0, most: 0 };
  if (part >= 1) return { least: total, most: total };
  const chanceOf = probabilities(part, total);
  return { least: inTail(chanceOf, (at) => at), most: total - inTail(chanceOf, (at) => total - at) };
}

/** Whether chance explains a count of requests: it is within the 99.9 % bound. */
export function inBound(chance: Share, count: number, total: number): boolean {
  const { least, most } = binomialBound(chance, total);
  return count >= least && count <= most;
}

/** The number of counts in a tail, from one end. */
function inTail(chanceOf: Float64Array, at: (place: number) => number): number {
  let [place, sum] = [0, chanceOf[at(0)] ?? 1];
  while (sum <= tail) {
    place += 1;
    sum += chanceOf[at(place)] ?? 1;
  }
  return place;
}

/** The chance of each count from 0 to `total`. Logarithms keep what is tiny from becoming 0 on the way. */
function probabilities(part: number, total: number): Float64Array {
  const chanceOf = new Float64Array(total + 1);
  let logarithm = total * Math.log1p(-part);
  for (let count = 0; count <= total; count++) {
    chanceOf[count] = Math.exp(logarithm);
    logarithm += Math.log((total - count) / (count + 1)) + Math.log(part) - Math.log1p(-part);
  }
  return chanceOf;
}
