import type { Choices } from './random';

/** Conditions and requests are drawn from the same small pools, so that they often match. */
export const paths = [
  '/',
  '/a',
  '/a/b',
  '/A/b',
  '/ab',
  '/v1/items',
  '/v2/items/7',
  '/a/../v1/x',
  '/%61/b',
  '/login',
] as const;
export const queries = ['', '?x=1', '?x=2&y=1', '?y', '?x=1&x=2'] as const;
export const methods = ['GET', 'POST', 'DELETE'] as const;
export const headerPool: readonly [string, readonly [string, ...string[]]][] = [
  ['end-user', ['jason', 'jane', 'ja']],
  ['x-flag', ['on', 'off', '']],
  ['user-agent', ['Mozilla Firefox/1', 'Safari']],
];

const strings: Record<string, readonly [object, ...object[]]> = {
  'end-user': [{ exact: 'jason' }, { prefix: 'ja' }, { regex: 'ja(son|ne)' }, { regex: '.*' }, {}],
  'x-flag': [{ exact: 'on' }, { prefix: 'o' }, { regex: 'o(n|ff)' }, {}, { regex: '*' }],
  'user-agent': [{ regex: '.*Firefox.*' }, { prefix: 'Mozilla' }, { exact: 'Safari' }],
};

const uris = [
  { exact: '/a' },
  { exact: '/login' },
  { prefix: '/a' },
  { prefix: '/a/' },
  { prefix: '/' },
  { prefix: '/v1' },
  { regex: '/v[0-9]+/.*' },
  { regex: '/(a|b)' },
  { regex: '.*' },
  { regex: '(?i)/LOGIN' },
] as const;

/** One entry of `match` that istiod's admission accepts. */
export function httpMatch(choices: Choices, gateways: readonly string[]): Record<string, unknown> {
  const header = (): Record<string, unknown> => {
    const [name] = choices.one(headerPool);
    return { [name]: choices.one(strings[name] ?? [{}]) };
  };
  const match: Record<string, unknown> = {
    ...choices.maybe(0.6, () => ({ uri: choices.one(uris) })),
    ...choices.maybe(0.15, () => ({ ignoreUriCase: true })),
    ...choices.maybe(0.35, () => ({ headers: header() })),
    ...choices.maybe(0.15, () => ({ withoutHeaders: header() })),
    ...choices.maybe(0.12, () => ({ method: choices.one([{ exact: 'GET' }, { regex: 'GET|POST' }, { prefix: 'P' }]) })),
    ...choices.maybe(0.12, () => ({
      queryParams: { x: choices.one([{ exact: '1' }, { regex: '[0-9]+' }, { prefix: '2' }]) },
    })),
    ...choices.maybe(0.08, () => ({
      authority: choices.one([{ prefix: 'a' }, { exact: 'alpha' }, { regex: '.*example.*' }]),
    })),
    ...choices.maybe(0.05, () => ({ scheme: choices.one([{ exact: 'http' }, { exact: 'https' }]) })),
    ...choices.maybe(0.08, () => ({ port: choices.one([80, 18081, 18090]) })),
    ...choices.maybe(0.1, () => ({
      sourceLabels: choices.one([{ app: 'web' }, { app: 'api' }, { app: 'web', tier: 'front' }]),
    })),
    ...choices.maybe(0.06, () => ({ sourceNamespace: choices.one(['shop', 'depot']) })),
    ...choices.maybe(0.08, () => ({ gateways: choices.some(gateways) })),
  };
  return Object.keys(match).length === 0 ? { uri: choices.one(uris) } : match;
}
