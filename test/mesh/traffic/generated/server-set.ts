import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import { jwks } from './policy-set';
import { Choices } from './random';
import type { GeneratedSet } from './route-set';
import { serverGatewayPort, type Sender } from './server-world';

type Json = Record<string, unknown>;

const paths = ['/', '/a', '/a/b', '/items', '/v2/items', '/v2', '/admin'] as const;
const methods = ['GET', 'GET', 'POST', 'DELETE'] as const;

/**
 * A set of a seed for servers with sidecars: who may ask (AuthorizationPolicy, RequestAuthentication), how they are reached (PeerAuthentication, TLS settings of
 * DestinationRules), and rules that lead there. The same on every machine and for ever, as recorded results depend on it.
 */
export function serverSet(seed: number, requests: number): GeneratedSet<Sender> {
  const choices = new Choices(seed + 2_000_000);
  return {
    objects: [
      ...virtualServices(choices),
      ...destinationRules(choices),
      ...peerAuthentications(choices),
      ...choices.list(0, 3, (index) => authorization(choices, index)),
      ...(choices.chance(0.25) ? [authentication(choices)] : []),
    ],
    requests: Array.from({ length: requests }, () => request(choices)),
  };
}

function object(group: string, kind: string, namespace: string, name: string, spec: Json): KubernetesObject {
  return { apiVersion: `${group}.istio.io/v1`, kind, metadata: { name, namespace }, spec };
}

function virtualServices(choices: Choices): KubernetesObject[] {
  const front = object('networking', 'VirtualService', 'gateways', 'front', {
    hosts: choices.one([['*'], ['a.example.com'], ['*.example.com', 'b.test']]),
    gateways: ['gw'],
    http: [
      ...choices.list(0, 2, () => rule(choices, ['alpha.shop', 'beta.shop', 'gamma.depot'])),
      { route: [destination(choices, choices.one(['alpha.shop', 'alpha.shop', 'beta.shop', 'gamma.depot']))] },
    ],
  });
  const inMesh = choices.some(['alpha.shop', 'gamma.depot', 'beta.shop']).map((host) => {
    const [name = '', namespace = ''] = host.split('.');
    return object('networking', 'VirtualService', namespace, name, {
      hosts: [name],
      http: [
        ...choices.list(0, 2, () => rule(choices, [host, host, 'gamma.depot'])),
        { route: [destination(choices, host)] },
      ],
    });
  });
  return [front, ...inMesh];
}

function rule(choices: Choices, hosts: readonly string[]): Json {
  const match = choices.one<Json>([
    { uri: { prefix: '/v2' } },
    { uri: { prefix: '/a' } },
    { uri: { exact: '/items' } },
    { method: { exact: 'POST' } },
    { headers: { 'end-user': { exact: 'jason' } } },
  ]);
  return {
    match: [match],
    ...choices.maybe(0.2, () => ({ rewrite: choices.one([{ uri: '/items' }, { uri: '/' }, { authority: 'alpha' }]) })),
    ...choices.maybe(0.1, () => ({ headers: { request: { set: { 'x-flag': 'on' } } } })),
    route: choices.chance(0.15)
      ? [50, 50].map((weight) => ({ ...destination(choices, choices.one(hosts)), weight }))
      : [destination(choices, choices.one(hosts))],
  };
}

/** Most name a subset, so that one request is enough to see what becomes of it. */
function destination(choices: Choices, host: string): Json {
  const subset = host.startsWith('gamma') ? 'v1' : choices.one(['v1', 'v2']);
  const port = host.startsWith('beta') ? 80 : choices.one([80, 80, 18081]);
  return {
    destination: {
      host: `${host}.svc.cluster.local`,
      port: { number: port },
      ...choices.maybe(host.startsWith('gamma') ? 0.2 : 0.7, () => ({ subset })),
    },
  };
}

function destinationRules(choices: Choices): KubernetesObject[] {
  const own = (host: string, versions: readonly string[], namespace?: string): KubernetesObject => {
    const [name = '', ofNamespace = ''] = host.split('.');
    return object('networking', 'DestinationRule', namespace ?? ofNamespace, `${name}-from-${namespace ?? 'home'}`, {
      host: `${host}.svc.cluster.local`,
      ...choices.maybe(0.4, () => ({ trafficPolicy: trafficPolicy(choices) })),
      subsets: versions.map((version) => ({
        name: version,
        labels: { version },
        ...choices.maybe(0.15, () => ({ trafficPolicy: trafficPolicy(choices) })),
      })),
    });
  };
  return [
    ...(choices.chance(0.9) ? [own('alpha.shop', ['v1', 'v2'])] : []),
    ...(choices.chance(0.9) ? [own('beta.shop', ['v1', 'v2'])] : []),
    ...(choices.chance(0.9) ? [own('gamma.depot', ['v1'])] : []),
    ...(choices.chance(0.4) ? [own('store.shop', ['v1'])] : []),
    // A client's namespace overrules that of the service.
    ...(choices.chance(0.15) ? [own('gamma.depot', ['v1'], 'shop')] : []),
    ...(choices.chance(0.1) ? [own('alpha.shop', ['v1', 'v2'], 'depot')] : []),
    ...(choices.chance(0.15)
      ? [
          object('networking', 'DestinationRule', 'istio-system', 'everything', {
            host: choices.one(['*.local', '*.shop.svc.cluster.local', '*.depot.svc.cluster.local']),
            trafficPolicy: { tls: tls(choices) },
          }),
        ]
      : []),
  ];
}

function trafficPolicy(choices: Choices): Json {
  const tlsOrNot = (): Json =>
    choices.chance(0.8) ? { tls: tls(choices) } : { loadBalancer: { simple: 'ROUND_ROBIN' } };
  return {
    ...tlsOrNot(),
    ...choices.maybe(0.25, () => ({
      portLevelSettings: [{ port: { number: choices.one([80, 18081]) }, ...tlsOrNot() }],
    })),
  };
}

/** The application behind a sidecar may speak TLS or not, so that SIMPLE is rarely certain; it comes seldom. */
function tls(choices: Choices): Json {
  return { mode: choices.chance(0.05) ? 'SIMPLE' : choices.one(['ISTIO_MUTUAL', 'ISTIO_MUTUAL', 'DISABLE']) };
}

function peerAuthentications(choices: Choices): KubernetesObject[] {
  const mode = (): Json => ({
    mode: choices.one(['STRICT', 'STRICT', 'PERMISSIVE', 'PERMISSIVE', 'DISABLE', 'UNSET']),
  });
  const wide = (namespace: string, chance: number): KubernetesObject[] =>
    choices.chance(chance)
      ? [object('security', 'PeerAuthentication', namespace, 'default', choices.chance(0.9) ? { mtls: mode() } : {})]
      : [];
  const selecting = choices.list(0, 2, (index): KubernetesObject => {
    const [namespace, matchLabels, ports] = choices.one<[string, Json, number[]]>([
      ['shop', { app: 'alpha' }, [9080, 9081]],
      ['shop', { app: 'alpha', version: 'v1' }, [9080, 9081]],
      ['shop', { app: 'beta' }, [9080]],
      ['shop', { app: 'store' }, [9082]],
      ['shop', { version: 'v1' }, [9080, 9082]],
      ['depot', { app: 'gamma' }, [9080, 9081]],
    ]);
    return object('security', 'PeerAuthentication', namespace, `workload-${index}`, {
      selector: { matchLabels },
      ...choices.maybe(0.8, () => ({ mtls: mode() })),
      ...choices.maybe(0.5, () => ({ portLevelMtls: { [choices.one(ports)]: mode() } })),
    });
  });
  return [...wide('istio-system', 0.35), ...wide('shop', 0.4), ...wide('depot', 0.3), ...selecting];
}

function authorization(choices: Choices, index: number): KubernetesObject {
  const action = choices.one(['ALLOW', 'ALLOW', 'DENY', 'DENY', 'DENY', 'AUDIT']);
  const [namespace, matchLabels] = choices.one<[string, Json]>([
    ['shop', { app: 'alpha' }],
    ['shop', { app: 'alpha', version: 'v1' }],
    ['shop', { app: 'beta' }],
    ['shop', { app: 'store' }],
    ['shop', {}],
    ['depot', { app: 'gamma' }],
    ['depot', {}],
    ['istio-system', {}],
    ['istio-system', { version: 'v1' }],
    ['gateways', {}],
  ]);
  const made = object('security', 'AuthorizationPolicy', namespace, `policy-${index}`, {
    ...(Object.keys(matchLabels).length === 0 ? {} : { selector: { matchLabels } }),
    ...(action === 'ALLOW' && choices.chance(0.5) ? {} : { action }),
    ...choices.maybe(action === 'ALLOW' ? 0.9 : 1, () => ({ rules: choices.list(1, 3, () => policyRule(choices)) })),
  });
  const isDryRun = choices.chance(0.03) && action !== 'AUDIT';
  return isDryRun ? { ...made, metadata: { ...made.metadata, annotations: { 'istio.io/dry-run': 'true' } } } : made;
}

function policyRule(choices: Choices): Json {
  return {
    ...choices.maybe(0.6, () => ({ from: choices.list(1, 2, () => ({ source: source(choices) })) })),
    ...choices.maybe(0.6, () => ({ to: choices.list(1, 2, () => ({ operation: operation(choices) })) })),
    ...choices.maybe(0.2, () => ({ when: [condition(choices)] })),
  };
}

function source(choices: Choices): Json {
  const one = (): Json =>
    choices.one<Json>([
      { namespaces: choices.some(['shop', 'depot', 'gateways']) },
      { namespaces: ['*'] },
      { namespaces: ['sh*'] },
      { notNamespaces: choices.some(['shop', 'depot']) },
      { principals: ['cluster.local/ns/shop/sa/web'] },
      { principals: choices.some(['cluster.local/ns/depot/*', '*/sa/ingress']) },
      { principals: ['*'] },
      { notPrincipals: ['cluster.local/ns/shop/sa/web'] },
      { notPrincipals: ['*'] },
      { serviceAccounts: choices.some(['web', 'depot/batch']) },
      { notServiceAccounts: ['shop/web'] },
      { requestPrincipals: ['*'] },
      { notRequestPrincipals: ['*'] },
    ]);
  if (choices.chance(0.03)) return { ipBlocks: ['10.0.0.0/8'] };
  const first = one();
  // Identities are asked for in one way at a time: the control plane refuses some of them together.
  return choices.chance(0.2) && !('serviceAccounts' in first) && !('notServiceAccounts' in first)
    ? { ...first, ...choices.one<Json>([{ notRequestPrincipals: ['*'] }, { notNamespaces: ['gateways'] }]) }
    : first;
}

function operation(choices: Choices): Json {
  const spec = {
    ...choices.maybe(0.5, () => ({ paths: choices.some(['/a', '/a/*', '*items', '/v2/*', '/', '/{*}/items']) })),
    ...choices.maybe(0.15, () => ({ notPaths: choices.some(['/a', '/admin', '/v2/*', '*b']) })),
    ...choices.maybe(0.3, () => ({ methods: choices.some(['GET', 'POST', 'DELETE']) })),
    ...choices.maybe(0.1, () => ({ notMethods: choices.some(['GET', 'POST']) })),
    ...choices.maybe(0.1, () => ({
      hosts: choices.some(['a.example.com', '*.example.com', 'alpha*', 'ALPHA', 'gamma.depot']),
    })),
    ...choices.maybe(0.2, () => ({ ports: choices.some(['9080', '9081', '9082', '8080']) })),
    ...choices.maybe(0.1, () => ({ notPorts: choices.some(['9080', '9081']) })),
  };
  return Object.keys(spec).length === 0 ? { methods: ['GET'] } : spec;
}

function condition(choices: Choices): Json {
  return choices.one<Json>([
    { key: 'request.headers[end-user]', values: choices.some(['jason', 'ja*', '*ne']) },
    { key: 'request.headers[x-flag]', notValues: choices.some(['on', 'off']) },
    { key: 'destination.port', values: choices.some(['9080', '9081', '9082']) },
    { key: 'source.namespace', values: ['shop'] },
    { key: 'source.namespace', notValues: ['depot'] },
    { key: 'source.principal', values: ['cluster.local/ns/shop/sa/*'] },
    { key: 'source.serviceAccount', notValues: ['shop/web'] },
    { key: 'source.principal', notValues: ['cluster.local/ns/depot/sa/batch'] },
    { key: 'request.auth.claims[group]', values: ['admin'] },
    ...(choices.chance(0.1) ? [{ key: 'connection.sni', values: ['*.example.com'] }] : []),
  ]);
}

function authentication(choices: Choices): KubernetesObject {
  const [namespace, matchLabels] = choices.one<[string, Json]>([
    ['shop', { app: 'alpha' }],
    ['shop', {}],
    ['depot', { app: 'gamma' }],
    ['istio-system', {}],
  ]);
  return object('security', 'RequestAuthentication', namespace, 'tokens', {
    ...(Object.keys(matchLabels).length === 0 ? {} : { selector: { matchLabels } }),
    jwtRules: [{ issuer: 'https://login.test', jwks }],
  });
}

function request(choices: Choices): GeneratedSet<Sender>['requests'][number] {
  const from = choices.one<Sender>(['web', 'web', 'web', 'batch', 'batch', 'plain', 'plain', 'gateway', 'gateway']);
  const headers = {
    ...choices.maybe(0.4, () => ({ 'end-user': choices.one(['jason', 'jane']) })),
    ...choices.maybe(0.4, () => ({ 'x-flag': choices.one(['on', 'off']) })),
    ...choices.maybe(0.08, () => ({ authorization: 'Bearer nonsense' })),
  } as Record<string, string>;
  const asked = { method: choices.one(methods), path: choices.one(paths), headers };
  if (from === 'gateway') {
    const host = choices.one(['a.example.com', 'a.example.com', 'x.example.com', 'b.test']);
    return { from, request: { host, port: serverGatewayPort, ...asked } };
  }
  const [host, port] = choices.one<[string, number]>([
    ['alpha.shop', 80],
    ['alpha.shop', 80],
    ['alpha.shop', 18081],
    ['alpha.shop.svc.cluster.local', 80],
    ['gamma.depot', 80],
    ['gamma.depot', 18081],
    ['beta.shop', 80],
    ['store.shop', 9000],
    [from === 'batch' ? 'gamma' : from === 'web' ? 'alpha' : 'alpha.shop', 80],
  ]);
  return { from, request: { host, port, ...(port === 9000 ? { protocol: 'tcp' } : {}), ...asked } };
}
