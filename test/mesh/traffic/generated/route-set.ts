import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import type { Request } from '../../../../mesh/traffic/request';
import { headerPool, methods, paths, queries } from './matches';
import { Choices } from './random';
import { action, httpRules } from './rules';
import { gatewayPorts } from './world';

/** A generated set of objects, with requests to test them. */
export interface GeneratedSet<From extends string> {
  objects: KubernetesObject[];
  requests: { from: From; request: Request }[];
}

/** The senders of sets of rules: clients of the gateway, and a client with a sidecar. */
export type Side = 'gateway' | 'client';

export type RouteSet = GeneratedSet<Side>;

/**
 * The set for a seed. It must be the same on every machine and in the future, because recorded results depend on it.
 */
export function routeSet(seed: number, requests: number): RouteSet {
  const choices = new Choices(seed);
  return {
    objects: [
      ...gateways(choices),
      ...choices.list(1, 4, (index) => virtualService(choices, index)),
      ...choices.list(0, 1, () => delegate(choices)),
      ...destinationRules(choices),
      ...(choices.chance(0.12) ? [sidecar(choices)] : []),
    ],
    requests: Array.from({ length: requests }, () => request(choices)),
  };
}

/** A set as {@link routeSet} makes them, whose clients often ask for hosts that no service has. */
export function openRouteSet(seed: number, requests: number): RouteSet {
  const choices = new Choices(seed + 4_000_000);
  const { objects, requests: all } = routeSet(seed + 1_000, requests * 3);
  const fromClient = all.filter(({ from }) => from === 'client').slice(0, requests);
  const hosts = ['a.example.com', 'other.test', 'nothing', 'gamma', 'beta.shop.svc.cluster.local', 'outside.test'];
  return {
    objects,
    requests: fromClient.map(({ from, request: asked }) => ({
      from,
      request: choices.chance(0.5) ? { ...asked, host: choices.one(hosts) } : asked,
    })),
  };
}

type Json = Record<string, unknown>;

function istio(kind: string, namespace: string, name: string, spec: Json): KubernetesObject {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace }, spec };
}

function gateways(choices: Choices): KubernetesObject[] {
  const hosts = (): string[] =>
    choices.one([
      ['*'],
      ['*.example.com'],
      ['a.example.com', 'b.example.com'],
      ['shop/*'],
      ['./a.example.com', '*/b.example.com'],
      ['depot/*.example.com', 'b.example.com'],
    ]);
  const server = (port: number, index: number): Json => ({
    port: { number: port, name: `http-${index}`, protocol: 'HTTP' },
    bind: '127.0.0.1',
    hosts: hosts(),
  });
  return choices.list(1, 2, (index) =>
    istio('Gateway', 'shop', `gw-${index + 1}`, {
      selector: { istio: 'ingressgateway' },
      servers: choices.chance(0.2)
        ? gatewayPorts.map(server)
        : [server(index === 0 || choices.chance(0.5) ? 18090 : 18091, 0)],
    }),
  );
}

function virtualService(choices: Choices, index: number): KubernetesObject {
  const namespace = choices.chance(0.85) ? 'shop' : 'depot';
  const bound = choices.one<string[]>([
    ['shop/gw-1'],
    ['shop/gw-1'],
    ['shop/gw-1', 'shop/gw-2'],
    ['shop/gw-2', 'mesh'],
    [],
    [],
    ['mesh', 'shop/gw-1'],
  ]);
  const forMesh = bound.length === 0 || bound.includes('mesh');
  const hosts = forMesh
    ? choices.one<string[]>([
        ['alpha'],
        ['alpha.shop.svc.cluster.local', 'a.example.com'],
        ['beta'],
        ['gamma.depot.svc.cluster.local'],
        ['*.shop.svc.cluster.local'],
        ['a.example.com'],
        ['*.example.com'],
      ])
    : choices.one<string[]>([
        ['*'],
        ['a.example.com'],
        ['*.example.com'],
        ['a.example.com', 'b.example.com'],
        ['b.example.com', 'alpha'],
      ]);
  const delegates = choices.chance(0.15)
    ? [{ match: [{ uri: { prefix: choices.one(['/a', '/v1', '/']) } }], delegate: { name: 'leaf', namespace: 'shop' } }]
    : [];
  return istio('VirtualService', namespace, `vs-${index + 1}`, {
    hosts,
    ...(bound.length === 0 ? {} : { gateways: bound }),
    ...choices.maybe(0.15, () => ({
      exportTo: choices.one([['.'], ['*'], ['gateways'], ['shop', 'gateways'], ['depot']]),
    })),
    http: [...delegates, ...httpRules(choices, bound.length === 0 ? ['mesh'] : bound)],
  });
}

/** A VirtualService that others delegate to. */
function delegate(choices: Choices): KubernetesObject {
  const match = choices.one<Json[]>([
    [{ uri: { prefix: '/a/' } }],
    [{ uri: { exact: '/v1/items' } }],
    [{ headers: { 'end-user': { exact: 'jason' } } }],
    [{ uri: { prefix: '/' } }],
  ]);
  return istio('VirtualService', 'shop', 'leaf', {
    ...choices.maybe(0.2, () => ({ exportTo: choices.one([['.'], ['depot']]) })),
    http: [{ match, ...action(choices) }, ...(choices.chance(0.5) ? [action(choices)] : [])],
  });
}

function destinationRules(choices: Choices): KubernetesObject[] {
  const subset = (name: string): Json => ({ name, labels: { version: name } });
  const rules: KubernetesObject[] = [];
  for (const [host, namespace, versions] of [
    ['alpha', 'shop', ['v1', 'v2', 'v3']],
    ['beta', 'shop', ['v1', 'v2']],
    ['gamma', 'depot', ['v1', 'v2']],
  ] as const) {
    const kind = choices.number(1, 10);
    const names = choices.some(versions);
    const exportTo = choices.maybe(0.15, () => ({ exportTo: choices.one([['.'], ['*'], ['gateways'], ['shop']]) }));
    if (kind <= 5)
      rules.push(istio('DestinationRule', namespace, host, { host, subsets: names.map(subset), ...exportTo }));
    else if (kind <= 8)
      rules.push(
        ...names.map((name) =>
          istio('DestinationRule', namespace, `${host}.${name}`, {
            host,
            subsets: [subset(name)],
            ...choices.maybe(0.2, () => exportTo),
          }),
        ),
      );
    // Rules in the client's namespace override those in the service's.
    if (host === 'gamma' && choices.chance(0.2)) {
      rules.push(
        istio('DestinationRule', 'shop', 'gamma-here', {
          host: 'gamma.depot.svc.cluster.local',
          subsets: [subset('v2')],
        }),
      );
    }
    if (host === 'alpha' && choices.chance(0.15)) {
      rules.push(
        istio('DestinationRule', 'istio-system', 'everything', {
          host: '*.shop.svc.cluster.local',
          subsets: [subset('v1')],
        }),
      );
    }
  }
  return rules;
}

function sidecar(choices: Choices): KubernetesObject {
  return istio('Sidecar', 'shop', 'default', {
    ...choices.maybe(0.3, () => ({ workloadSelector: { labels: { app: choices.one(['web', 'api']) } } })),
    egress: [
      {
        hosts: [
          ...choices.one([['./*'], ['shop/*', 'depot/*'], ['*/alpha.shop.svc.cluster.local'], ['depot/*']]),
          '*/marker.test',
        ],
      },
    ],
  });
}

function request(choices: Choices): RouteSet['requests'][number] {
  const from = choices.chance(0.5) ? 'gateway' : 'client';
  const host =
    from === 'gateway'
      ? choices.one([
          'a.example.com',
          'b.example.com',
          'c.example.com',
          'x.b.example.com',
          'alpha',
          'A.example.com',
          'other.test',
        ])
      : choices.one([
          'alpha',
          'alpha.shop',
          'alpha.shop.svc.cluster.local',
          'beta',
          'gamma.depot',
          'gamma.depot.svc.cluster.local',
          'gamma',
          'a.example.com',
          'z.example.com',
        ]);
  const port = from === 'gateway' ? choices.one([18090, 18090, 18090, 18091]) : choices.one([80, 80, 80, 18081]);
  const headers = headerPool
    .filter(() => choices.chance(0.4))
    .map(([name, values]) => [name, choices.one(values)] as const);
  return {
    from,
    request: {
      host,
      port,
      method: choices.one(methods),
      path: `${choices.one(paths)}${choices.one(queries)}`,
      headers: Object.fromEntries(headers),
    },
  };
}
