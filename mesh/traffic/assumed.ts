import type { KubernetesObject } from '../manifests/kubernetes';
import { compareStrings } from '../collections';
import { isDeclared, isDeclaredHost, lookUpGateway, lookUpHost, servicePlace } from '../model/externals';
import { resolveGateway } from '../model/gateways';
import { isWildcard } from '../model/hosts';
import { asList, asMap, asNumber, asString, asStrings, isMap } from '../json';
import type { MeshModel, MeshObject } from '../model/mesh-model';

/**
 * Services and Gateways that rules name, but that are not in the input, because another file, stack or chart has them.
 * Stand-ins replace them, so that the rules can be followed and compared. The answer names the assumptions.
 */
export interface Assumption {
  /** `host` is a FQDN, `gateway` is `namespace/name`. */
  kind: 'host' | 'gateway';
  name: string;
  ports: Map<number, Protocol>;
}

type Protocol = 'HTTP' | 'TLS' | 'TCP';

/** The stand-ins, to distinguish them from objects of the input. */
const standIns = new WeakSet<KubernetesObject>();

const standInLabel = 'meshwright/stand-in';

export function isAssumed({ object }: Pick<MeshObject, 'object'>): boolean {
  return standIns.has(object);
}

/** Whether the input has no information about a stand-in, not even that it exists elsewhere. */
export function isUndeclared(model: MeshModel, { object, kind, namespace, name }: MeshObject, host?: string): boolean {
  if (!standIns.has(object)) return false;
  return kind === 'Gateway'
    ? !isDeclared(model.externals.gateways, namespace, name)
    : host === undefined || !isDeclaredHost(model, host);
}

/** The names in the rules of a mesh that are not in the input. */
export function assumptions(model: MeshModel): Assumption[] {
  const found = new Map<string, Assumption>();
  const assume = (kind: Assumption['kind'], name: string, ports: Iterable<readonly [number, Protocol]>): void => {
    const known = found.get(`${kind} ${name}`) ?? { kind, name, ports: new Map<number, Protocol>() };
    for (const [port, protocol] of ports) if (!known.ports.has(port)) known.ports.set(port, protocol);
    found.set(`${kind} ${name}`, known);
  };
  const assumeHost = (host: string, namespace: string, ports: readonly (readonly [number, Protocol])[]): void => {
    const fqdn = model.resolveHost(host, namespace);
    if (fqdn !== '' && !isWildcard(fqdn) && lookUpHost(model, fqdn, namespace).is === 'unknown') {
      assume('host', fqdn, ports);
    }
  };
  for (const object of model.objects.ofKind('VirtualService')) {
    const { namespace, spec } = object;
    const ports = rulePorts(object);
    const gateways = asStrings(spec['gateways']);
    const hosts = asStrings(spec['hosts']);
    // Rules for several hosts are compared through those that are in the input.
    const isSeen = hosts.some((host) => model.services.resolve(host, namespace) !== undefined);
    if (!isSeen && (gateways.length === 0 || gateways.includes('mesh')))
      for (const host of hosts) assumeHost(host, namespace, ports);
    for (const gateway of gateways)
      if (lookUpGateway(model, gateway, namespace).is === 'unknown')
        assume('gateway', resolveGateway(gateway, namespace), ports);
    for (const { host, port, protocol } of destinations(object))
      assumeHost(host, namespace, port === undefined ? [] : [[port, protocol]]);
  }
  for (const { namespace, spec } of model.objects.ofKind('DestinationRule')) {
    const settings = asList(asMap(spec['trafficPolicy'])['portLevelSettings']);
    const ports = settings.flatMap((one) => asNumber(asMap(asMap(one)['port'])['number']) ?? []);
    assumeHost(
      asString(spec['host']) ?? '',
      namespace,
      ports.map((port) => [port, 'HTTP']),
    );
  }
  return [...found.values()].sort((a, b) => compareStrings(`${a.kind} ${a.name}`, `${b.kind} ${b.name}`));
}

/** Assumptions of both sides of a comparison, so that the two models are about the same hosts and ports. */
export function together(lists: readonly (readonly Assumption[])[]): Assumption[] {
  const all = new Map<string, Assumption>();
  for (const { kind, name, ports } of lists.flat()) {
    const known = all.get(`${kind} ${name}`);
    all.set(`${kind} ${name}`, { kind, name, ports: new Map([...ports, ...(known?.ports ?? [])]) });
  }
  return [...all.values()].sort((a, b) => compareStrings(`${a.kind} ${a.name}`, `${b.kind} ${b.name}`));
}

/** The stand-ins for names that are not in the model. */
export function standInsFor(model: MeshModel, assumed: readonly Assumption[]): KubernetesObject[] {
  return assumed.flatMap((one) => {
    const object = one.kind === 'gateway' ? gatewayStandIn(model, one) : hostStandIn(model, one);
    if (object !== undefined) standIns.add(object);
    return object ?? [];
  });
}

function gatewayStandIn(model: MeshModel, { name: id, ports }: Assumption): KubernetesObject | undefined {
  const slash = id.indexOf('/');
  const [namespace, name] = [id.slice(0, slash), id.slice(slash + 1)];
  if (lookUpGateway(model, id, namespace).is !== 'unknown') return undefined;
  const servers = [...withDefault(ports, 80)].map(([number, protocol]) => ({
    port: { number, name: `${protocol.toLowerCase()}-${number}`, protocol },
    hosts: ['*'],
    ...(protocol === 'TLS' ? { tls: { mode: 'PASSTHROUGH' } } : {}),
  }));
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace },
    // No workload has this label, because it is unknown which pods the Gateway selects.
    spec: { selector: { [standInLabel]: name }, servers },
  };
}

function hostStandIn(model: MeshModel, { name: host, ports }: Assumption): KubernetesObject | undefined {
  const place = servicePlace(host, model.config.domain);
  if (lookUpHost(model, host, place?.namespace ?? '').is !== 'unknown') return undefined;
  const listed = [...withDefault(ports, 80)];
  if (place !== undefined)
    return {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: place,
      spec: { ports: listed.map(([port, protocol]) => ({ port, name: `${protocol.toLowerCase()}-${port}` })) },
    };
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: { name: host, namespace: model.config.rootNamespace },
    spec: {
      hosts: [host],
      resolution: 'DNS',
      ports: listed.map(([number, protocol]) => ({ number, protocol, name: `${protocol.toLowerCase()}-${number}` })),
    },
  };
}

function withDefault(ports: ReadonlyMap<number, Protocol>, port: number): ReadonlyMap<number, Protocol> {
  return ports.size > 0 ? ports : new Map([[port, 'HTTP']]);
}

const protocols = { http: 'HTTP', tls: 'TLS', tcp: 'TCP' } as const;

/** The ports that the rules of a VirtualService apply to, with the protocol of the rule. */
function rulePorts({ spec }: MeshObject): (readonly [number, Protocol])[] {
  return (['http', 'tls', 'tcp'] as const).flatMap((list) => {
    const rules = asList(spec[list]).map(asMap);
    const stated = rules.flatMap((rule) =>
      asList(rule['match']).flatMap((match) => asNumber(asMap(match)['port']) ?? []),
    );
    const usual = { http: 80, tls: 443, tcp: 80 }[list];
    const ports = stated.length > 0 || rules.length === 0 ? stated : [usual];
    return ports.map((port) => [port, protocols[list]] as const);
  });
}

/** The destinations of a VirtualService, including mirrors. */
function destinations({ spec }: MeshObject): { host: string; port: number | undefined; protocol: Protocol }[] {
  return (['http', 'tls', 'tcp'] as const).flatMap((list) =>
    asList(spec[list]).flatMap((value) => {
      const rule = asMap(value);
      const routed = asList(rule['route']).map((entry) => asMap(entry)['destination']);
      const mirrored = [rule['mirror'], ...asList(rule['mirrors']).map((entry) => asMap(entry)['destination'])];
      return [...routed, ...mirrored].filter(isMap).map((destination) => ({
        host: asString(destination['host']) ?? '',
        port: asNumber(asMap(destination['port'])['number']),
        protocol: protocols[list],
      }));
    }),
  );
}
