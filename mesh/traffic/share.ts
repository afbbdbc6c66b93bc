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

/** `90 %`, `33.33 %`: at most two digits after the point, and never a rounded 0 or 100. */
export function percent(value: Share): string {
  const exact = fraction(value).mul(100);
  const rounded = exact.round(2);
  if (rounded.equals(0) && !exact.equals(0)) return '< 0.01 %';
  if (rounded.equals(100) && !exact.equals(100)) return '> 99.99 %';
  return `${rounded.valueOf()} %`;
}
