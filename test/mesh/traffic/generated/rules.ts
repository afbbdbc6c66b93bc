import { httpMatch } from './matches';
import type { Choices } from './random';

type Json = Record<string, unknown>;

/** Destination hosts as a rule of the namespace `shop` may write them; the last two do not exist. */
const hosts = [
  'alpha',
  'alpha',
  'beta',
  'gamma.depot.svc.cluster.local',
  'alpha.shop.svc.cluster.local',
  'nothing',
  'gamma',
] as const;

/** A list of HTTP rules; the last often has no condition. */
export function httpRules(choices: Choices, gateways: readonly string[]): Json[] {
  return choices.list(1, 4, (index) => {
    const bare = index > 0 && choices.chance(0.35);
    return {
      ...choices.maybe(0.3, () => ({ name: `rule-${index}` })),
      ...(bare ? {} : { match: choices.list(1, 2, () => httpMatch(choices, gateways)) }),
      ...action(choices),
    };
  });
}

/** The action of a rule that istiod's admission accepts. */
export function action(choices: Choices): Json {
  const kind = choices.number(1, 20);
  if (kind === 1) return { redirect: redirect(choices) };
  if (kind === 2)
    return {
      directResponse: {
        status: choices.one([200, 418, 503]),
        ...choices.maybe(0.6, () => ({ body: { string: 'direct' } })),
      },
    };
  return {
    route: destinations(choices),
    ...choices.maybe(0.2, () => ({ rewrite: rewrite(choices) })),
    ...choices.maybe(0.15, () => ({ headers: headers(choices) })),
    ...choices.maybe(0.1, () => ({ fault: fault(choices) })),
    ...choices.maybe(0.1, () => ({ timeout: '5s' })),
    ...choices.maybe(0.1, () => ({ retries: { attempts: choices.number(0, 2) } })),
  };
}

function destinations(choices: Choices): Json[] {
  if (choices.chance(0.6))
    return [{ destination: destination(choices), ...choices.maybe(0.2, () => ({ headers: headers(choices) })) }];
  const first = choices.one([10, 25, 50, 90, 100, 0]);
  const weights = choices.chance(0.3) ? [20, 30, 50] : [first, 100 - first];
  return weights.map((weight) => ({
    destination: destination(choices),
    ...(weight === 0 && choices.chance(0.5) ? {} : { weight }),
    ...choices.maybe(0.15, () => ({ headers: headers(choices) })),
  }));
}

function destination(choices: Choices): Json {
  return {
    host: choices.one(hosts),
    ...choices.maybe(0.6, () => ({ subset: choices.one(['v1', 'v2', 'v3', 'v1', 'v9']) })),
    ...choices.maybe(0.3, () => ({ port: { number: choices.one([80, 80, 18081, 9999]) } })),
  };
}

function rewrite(choices: Choices): Json {
  return choices.one<Json>([
    { uri: '/' },
    { uri: '/new' },
    { uri: '/new/', authority: 'changed.example.com' },
    { authority: 'changed.example.com' },
    { uriRegexRewrite: { match: '^/([a-z0-9]+)/(.*)$', rewrite: '/x/\\2/\\1' } },
  ]);
}

function redirect(choices: Choices): Json {
  return choices.one<Json>([
    { uri: '/moved' },
    { authority: 'other.example.com', redirectCode: 302 },
    { scheme: 'https', redirectCode: 308 },
    { uri: '/moved', port: 8443, scheme: 'https' },
    { derivePort: 'FROM_REQUEST_PORT', authority: 'other.example.com', redirectCode: 307 },
  ]);
}

function fault(choices: Choices): Json {
  return {
    abort: {
      httpStatus: choices.one([500, 503, 418]),
      ...choices.maybe(0.9, () => ({ percentage: { value: choices.one([100, 50, 0, 12.5]) } })),
    },
  };
}

function headers(choices: Choices): Json {
  return {
    request: {
      ...choices.maybe(0.5, () => ({ set: { 'x-set': choices.one(['one', 'two']) } })),
      ...choices.maybe(0.3, () => ({ add: { 'x-flag': 'added' } })),
      ...choices.maybe(0.3, () => ({ remove: ['end-user'] })),
      ...choices.maybe(0.15, () => ({ set: { host: 'set.example.com' } })),
    },
    ...choices.maybe(0.4, () => ({ response: { set: { 'x-answer': choices.one(['one', 'two']) } } })),
  };
}
