import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import type { Share } from '../../../../mesh/traffic/share';
import { unknownsOf } from '../../../../mesh/traffic/unknowns';
import { route } from '../../../../mesh/traffic/route';
import { expected, proxies, type Predict } from './expected';
import { Choices } from './random';
import { routeSet, type RouteSet } from './route-set';
import { gatewayProxy } from './world';

type Json = Record<string, unknown>;

/** Port on which the test asks which set the gateway has; policies must not affect it. */
const markerPort = '18092';

/** Public half of a key that was made for this test; nothing is signed with it. */
export const jwks =
  '{"keys":[{"kty":"RSA","n":"k-ETUthNs_89ZXxkUR5cis39e7lnAgmQpo563RMftf5zqiaID3Ki0-wv3BYxOlV7EsNC4MKDXYgu-5Jo-rxu1l9CrM5vsPFunrvcJO7QhXGL032PJMZIUbxGKKY1m_IruUTeaqVQXwAeDMSH3n8Mw4ITQp9uSQUsYTLTjX_TrLRhr24-8znJBuPnVK4HBr6wD_AJssi4q41PTR7tdUz1gNY9GikbQLX7t_mZrzsz_sWcRc8D-Ym-SnQ5IfsZuE8iM94Pz0Czx9oBJ4TI5rNsuq_3HiTRu3shWC0hvMe18ixR4awzpWP145Rxc218v-P0UjX5gAAQ7NxAmmMIdC7rfQ","e":"AQAB","kid":"test","use":"sig","alg":"RS256"}]}';

/**
 * A set of rules for a seed, with policies for the gateway in front of them, and requests at the gateway. It must be
 * the same on every machine and in the future.
 */
export function policySet(seed: number, requests: number): RouteSet {
  const choices = new Choices(seed + 1_000_000);
  const { objects, requests: all } = routeSet(seed, requests * 4);
  const atGateway = all.filter(({ from }) => from === 'gateway').slice(0, requests);
  return {
    objects: [
      ...objects.filter(({ kind }) => kind !== 'Sidecar'),
      ...choices.list(1, 3, (index) => authorization(choices, index)),
      ...choices.list(0, 1, () => authentication(choices)),
    ],
    requests: atGateway.map(({ from, request }) => ({
      from,
      request: {
        ...request,
        headers: { ...request.headers, ...(choices.chance(0.15) ? { authorization: 'Bearer nonsense' } : {}) },
      },
    })),
  };
}

/** Unknown facts make an answer `unknown`, which matches everything; such answers are counted. */
export const expectedUnderPolicies: Predict = (traffic, from, request) =>
  unknownsOf(route(traffic, proxies[from], request)).length > 0
    ? new Map<string, Share>()
    : expected(traffic, from, request);

function security(kind: string, namespace: string, name: string, spec: Json, annotations: Json = {}): KubernetesObject {
  const metadata = { name, namespace, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) };
  return { apiVersion: 'security.istio.io/v1', kind, metadata, spec } as KubernetesObject;
}

function authorization(choices: Choices, index: number): KubernetesObject {
  const action = choices.one(['ALLOW', 'ALLOW', 'DENY', 'DENY', 'AUDIT']);
  const rules = choices.list(action === 'ALLOW' ? 0 : 1, 2, () => rule(choices, action));
  const marker = action === 'ALLOW' ? [{ to: [{ operation: { ports: [markerPort] } }] }] : [];
  const all = [...rules, ...marker];
  return security('AuthorizationPolicy', choices.one(['gateways', 'gateways', 'istio-system']), `policy-${index}`, {
    selector: { matchLabels: choices.chance(0.9) ? gatewayProxy.labels : { istio: 'egressgateway' } },
    ...(action === 'ALLOW' && choices.chance(0.5) ? {} : { action }),
    rules: all,
  });
}

function rule(choices: Choices, action: string): Json {
  const operations = choices.list(action === 'ALLOW' ? 0 : 1, 2, () => ({ operation: operation(choices, action) }));
  return {
    ...(operations.length === 0 ? {} : { to: operations }),
    ...choices.maybe(0.25, () => ({ from: [{ source: source(choices) }] })),
    ...choices.maybe(0.35, () => ({ when: choices.list(1, 2, () => condition(choices)) })),
  };
}

function operation(choices: Choices, action: string): Json {
  const spec = {
    ...choices.maybe(0.5, () => ({ paths: choices.some(['/a', '/a/*', '*items', '/v1/*', '/', '/{*}/items']) })),
    ...choices.maybe(0.2, () => ({ notPaths: choices.some(['/a', '/login', '/v2/*', '*b']) })),
    ...choices.maybe(0.3, () => ({ methods: choices.some(['GET', 'POST', 'DELETE']) })),
    ...choices.maybe(0.1, () => ({ notMethods: choices.some(['GET', 'POST']) })),
    ...choices.maybe(0.25, () => ({
      hosts: choices.some(['a.example.com', '*.example.com', 'alpha', 'A.EXAMPLE.com']),
    })),
    ...choices.maybe(0.1, () => ({ notHosts: choices.some(['a.example.com', 'b.*']) })),
    ...choices.maybe(0.15, () => ({ ports: choices.some(['18090', '18091']) })),
  };
  if (action !== 'ALLOW') return { ...spec, notPorts: [markerPort] };
  return Object.keys(spec).length === 0 ? { methods: ['GET'] } : spec;
}

/** No client of the gateway has an identity in the mesh. */
function source(choices: Choices): Json {
  return choices.one<Json>([
    { namespaces: ['shop'] },
    { notNamespaces: ['shop'] },
    { principals: ['*'] },
    { notPrincipals: ['cluster.local/ns/shop/sa/web'] },
    { requestPrincipals: ['*'] },
    { notRequestPrincipals: ['*'] },
  ]);
}

function condition(choices: Choices): Json {
  return choices.one<Json>([
    { key: 'request.headers[end-user]', values: choices.some(['jason', 'ja*', '*ne']) },
    { key: 'request.headers[x-flag]', notValues: choices.some(['on', 'off']) },
    { key: 'request.headers[x-flag]', values: ['*'] },
    { key: 'destination.port', values: choices.some(['18090', '18091']) },
    { key: 'source.namespace', notValues: ['depot'] },
    { key: 'request.auth.claims[group]', values: ['admin'] },
  ]);
}

function authentication(choices: Choices): KubernetesObject {
  return security('RequestAuthentication', 'gateways', 'tokens', {
    selector: { matchLabels: gatewayProxy.labels },
    jwtRules: [{ issuer: 'https://login.test', jwks, ...choices.maybe(0.3, () => ({ forwardOriginalToken: true })) }],
  });
}
