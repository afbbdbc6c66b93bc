/** `npm run test:long` runs the suites on real proxies at full length; `npm test` runs a part of each. */
export const long = process.env['MESHWRIGHT_LONG'] === '1';
