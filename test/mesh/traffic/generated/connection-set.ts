import type { KubernetesObject } from '../../../../mesh/manifests/kubernetes';
import { connectionGatewayPorts, connectionServices } from './connection-world';
import { Choices } from './random';
import type { RouteSet } from './route-set';

type Json = Record<string, unknown>;

/** Server names that clients ask for; some are in no rule. */
const names = ['a.example.com', 'b.example.com', 'x.b.example.com', 'vault.shop.svc.cluster.local', 'other.test'];

/**
 * A set of TCP and TLS rules for a seed, with connections to test them. It must be the same on every machine and in the
 * future, because recorded results depend on it.
 */
export function connectionSet(seed: number, requests: number): RouteSet {
  const choices = new Choices(seed);
  return {
    objects: [
      ...choices.list(1, 4, (index) => virtualService(choices, index)),
      ...connectionServices
        .filter(() => choices.chance(0.8))
        .map(({ name, namespace }) =>
          istio('DestinationRule', namespace, name, {
            host: name,
            subsets: choices.some(['v1', 'v2']).map((version) => ({ name: version, labels: { version } })),
          }),
        ),
    ],
    requests: Array.from({ length: requests }, () => connection(choices)),
  };
}

/**
 * A set as {@link connectionSet} makes them, in which some clients use the wrong protocol for the port: an SNI that no
 * rule takes, TLS on a TCP port, plain requests on a TLS port.
 */
export function openConnectionSet(seed: number, requests: number): RouteSet {
  const choices = new Choices(seed + 3_000_000);
  const set = connectionSet(seed + 1_000, requests);
  const changed = set.requests.map(({ from, request }) =>
    from === 'client' && choices.chance(0.35)
      ? { from, request: { ...request, protocol: choices.one(['http', 'tcp', 'tls'] as const) } }
      : { from, request },
  );
  return { ...set, requests: changed };
}

function istio(kind: string, namespace: string, name: string, spec: Json): KubernetesObject {
  return { apiVersion: 'networking.istio.io/v1', kind, metadata: { name, namespace }, spec };
}

function virtualService(choices: Choices, index: number): KubernetesObject {
  const gateways = choices.one<string[]>([[], ['shop/gw'], ['mesh', 'shop/gw'], ['shop/gw']]);
  const isTls = choices.chance(0.5);
  const hosts = choices.one<string[]>(
    isTls
      ? [
          ['vault.shop.svc.cluster.local', 'a.example.com'],
          ['vault.shop.svc.cluster.local', '*.example.com'],
          ['mail.depot.svc.cluster.local', 'b.example.com'],
          ['*.example.com'],
        ]
      : [['store'], ['ledger.depot.svc.cluster.local'], ['*.depot.svc.cluster.local'], ['store', 'a.example.com']],
  );
  const rules = choices.list(1, 3, () => (isTls ? tlsRule(choices, hosts, gateways) : tcpRule(choices, gateways)));
  return istio('VirtualService', choices.chance(0.85) ? 'shop' : 'depot', `vs-${index + 1}`, {
    hosts,
    ...(gateways.length === 0 ? {} : { gateways }),
    ...choices.maybe(0.1, () => ({ exportTo: choices.one([['.'], ['gateways'], ['shop', 'gateways']]) })),
    [isTls ? 'tls' : 'tcp']: rules,
  });
}

/** Conditions that both kinds of rules support. */
function match(choices: Choices, gateways: readonly string[], ports: readonly number[]): Json {
  return {
    ...choices.maybe(0.35, () => ({ port: choices.one(ports) })),
    ...choices.maybe(0.2, () => ({ sourceLabels: choices.one([{ app: 'web' }, { app: 'api' }]) })),
    ...choices.maybe(0.1, () => ({ sourceNamespace: choices.one(['shop', 'depot']) })),
    ...choices.maybe(0.15, () => ({ gateways: choices.some(gateways.length === 0 ? ['mesh'] : gateways) })),
  };
}

function tcpRule(choices: Choices, gateways: readonly string[]): Json {
  const ports = [18301, 18303, connectionGatewayPorts.tcp];
  return {
    ...choices.maybe(0.7, () => ({ match: choices.list(1, 2, () => match(choices, gateways, ports)) })),
    route: destinations(choices, ['store', 'ledger.depot.svc.cluster.local', 'store', 'nothing']),
  };
}

function tlsRule(choices: Choices, hosts: readonly string[], gateways: readonly string[]): Json {
  const ports = [18302, 18304, connectionGatewayPorts.tls];
  // The control plane accepts only server names that are within the hosts.
  const within = hosts.flatMap((host) => (host.startsWith('*') ? [host, 'b.example.com', '*.b.example.com'] : [host]));
  return {
    match: choices.list(1, 2, () => ({ sniHosts: choices.some(within), ...match(choices, gateways, ports) })),
    route: destinations(choices, ['vault.shop.svc.cluster.local', 'mail.depot.svc.cluster.local', 'nothing']),
  };
}

function destinations(choices: Choices, hosts: readonly string[]): Json[] {
  const destination = (): Json => {
    const host = choices.one(hosts);
    const service = connectionServices.find(({ name }) => host.startsWith(name));
    const port = choices.chance(0.75) ? { port: { number: service?.port ?? 18301 } } : {};
    return { host, ...port, ...choices.maybe(0.5, () => ({ subset: choices.one(['v1', 'v2']) })) };
  };
  if (choices.chance(0.6)) return [{ destination: destination() }];
  const first = choices.one([10, 50, 90, 100, 0]);
  return [first, 100 - first].map((weight) => ({ destination: destination(), weight }));
}

function connection(choices: Choices): RouteSet['requests'][number] {
  const from = choices.chance(0.5) ? 'gateway' : 'client';
  if (from === 'gateway') {
    const protocol = choices.chance(0.35) ? 'tcp' : 'tls';
    const host = choices.one(names);
    return { from, request: { host, port: connectionGatewayPorts[protocol], protocol, sni: host } };
  }
  const { name, namespace, port, protocol } = choices.one(connectionServices);
  const host = `${name}.${namespace}.svc.cluster.local`;
  return { from, request: { host, port, protocol, sni: choices.chance(0.3) ? host : choices.one(names) } };
}
