/** `npm run test:long` runs the suites on a real mesh at full length; `npm test` runs a part of each. */
export const long = process.env['MESHWRIGHT_LONG'] === '1';

/** A test of `npm run test:long` only. */
export const whenLong: (title: string, test: () => Promise<void>) => void = long ? it : () => undefined;
