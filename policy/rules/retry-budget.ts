import { asMap, asName, asNumber, indexedMaps, isMap } from '../../mesh/json';
import { type WrittenRoute, writtenRoutes } from '../model/routes';
import { examples, type Rule, type Violation } from '../rule';

/** Conditions after which the server may have done its work already. https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on */
const afterwards = [
  '5xx',
  'gateway-error',
  'reset',
  'retriable-4xx',
  'retriable-headers',
  'http3-post-connect-failure',
];
const notIdempotent = ['POST', 'PATCH'];

export const retryBudget: Rule = {
  id: 'retry-budget',
  level: 'advisory',
  title: 'retries fit into the timeout, and repeat only requests that are safe to repeat',
  single: true,
  docs: {
    why: 'The timeout of a rule holds for all tries together: retries that do not fit are never made. A repeated POST that the server did in fact carry out is done twice.',
    ...examples(
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ratings, namespace: bookinfo }
spec:
  hosts: [ratings]
  http:
    - timeout: 5s
      retries: { attempts: 3, perTryTimeout: 2s }
      route: [{ destination: { host: ratings } }]
`,
      ['timeout: 5s', 'timeout: 8s'],
    ),
    fix: 'Keep (attempts + 1) x perTryTimeout within timeout; for POST and PATCH retry on connect-failure and refused-stream only.',
  },
  check: (model) => writtenRoutes(model).flatMap((route) => [...tooLong(route), ...twice(route)]),
};

function tooLong({ rule, path, source }: WrittenRoute): Violation[] {
  const retries = asMap(rule['retries']);
  const attempts = asNumber(retries['attempts']);
  const [perTry, timeout] = [milliseconds(retries['perTryTimeout']), milliseconds(rule['timeout'])];
  if (attempts === undefined || perTry === undefined || timeout === undefined || timeout === 0) return [];
  // Attempts are retries, so there is one try more.
  const tries = attempts + 1;
  if (tries * perTry <= timeout) return [];
  const message = `${tries} tries (${attempts} retries) of ${String(retries['perTryTimeout'])} do not fit into the timeout of ${String(rule['timeout'])}, so the last are never made; lower attempts or perTryTimeout, or raise timeout to at least ${(tries * perTry) / 1000}s`;
  return [{ object: source.object, path: `${path}.retries`, message }];
}

function twice({ rule, path, source }: WrittenRoute): Violation[] {
  const retries = asMap(rule['retries']);
  const risky = (asName(retries['retryOn']) ?? '')
    .split(',')
    .map((condition) => condition.trim())
    .filter((condition) => afterwards.includes(condition) || /^5\d\d$/.test(condition));
  if (asNumber(retries['attempts']) === 0 || risky.length === 0) return [];
  const methods = indexedMaps(rule['match']).map(({ item }) =>
    isMap(item['method']) ? asName(item['method']['exact']) : undefined,
  );
  if (methods.length === 0 || !methods.every((method) => method !== undefined && notIdempotent.includes(method)))
    return [];
  const message = `${[...new Set(methods)].join(' and ')} requests are retried on ${risky.join(', ')}, when the server may have carried them out already; retry on connect-failure,refused-stream`;
  return [{ object: source.object, path: `${path}.retries.retryOn`, message }];
}

const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000001 };

/** Milliseconds of a duration as Istio writes it, e.g. `1.5s`, `1m30s`, `500ms`; undefined for anything else. */
function milliseconds(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(value)) return undefined;
  return [...value.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (units[unit ?? ''] ?? 0),
    0,
  );
}
