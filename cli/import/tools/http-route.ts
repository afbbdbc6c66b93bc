import { objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { asList, asMap, asName, asNumber, asStrings, type JsonMap } from '../../../mesh/json';
import type { Conversion, GatewayWorkload } from '../from-tools';
import { Carry, idOf, networkingObject, ofKind } from './carry';
import { inOrder, rankedRules, type RankedRule } from './http-rules';

const group = 'gateway.networking.k8s.io';

/** A listener of a Gateway, as an Istio Gateway of its own: a route may attach to one listener only. */
interface Listener {
  gateway: KubernetesObject;
  name: string;
  port: number | undefined;
  hostname: string | undefined;
  /** Whether routes of other namespaces may attach. */
  isOpen: boolean;
  made: KubernetesObject;
}

/** A VirtualService that is to be made: rules for hosts at gateways. */
interface Binding {
  route: KubernetesObject;
  gateways: string[];
  hosts: string[];
  rules: RankedRule[];
  exportTo?: string[];
}

/** Converts HTTPRoutes, and the Gateways that they attach to. Those of one Gateway are converted together or not at all. */
export function fromGatewayApi(objects: readonly KubernetesObject[], workload: GatewayWorkload): Conversion {
  const gateways = ofKind(objects, group, 'Gateway').filter(
    ({ spec }) => !String(asMap(spec)['gatewayClassName']).includes('waypoint'),
  );
  const routes = ofKind(objects, group, 'HTTPRoute');
  const carries = new Map([...gateways, ...routes].map((object) => [object, new Carry(object)]));
  const carryOf = (object: KubernetesObject): Carry => carries.get(object) ?? new Carry(object);
  const listeners = gateways.flatMap((gateway) => listenersOf(gateway, workload, carryOf(gateway)));
  const bindings = joined(
    routes.flatMap((route) => bindingsOf(route, listeners, objects, carryOf(route))),
    carryOf,
  );
  refuseOtherRoutes(objects, gateways, carryOf);
  keepTogether(gateways, routes, carryOf);
  const isCarried = (object: KubernetesObject): boolean => carryOf(object).isWhole;
  const named = new Map<string, number>();
  const virtualServices = bindings
    .filter(({ route }) => isCarried(route))
    .map((binding) => ({ from: binding.route, made: virtualService(binding, named) }));
  const made = [
    ...listeners
      .filter(({ gateway }) => isCarried(gateway))
      .map(({ gateway, made: of }) => ({ from: gateway, made: of })),
    ...virtualServices,
  ];
  const gone = [...gateways, ...routes].filter(isCarried);
  return {
    gone,
    made: made.map((one) => one.made),
    converted: gone.map((object) => ({
      from: objectTitle(object),
      to: made.filter(({ from }) => from === object).map((one) => objectTitle(one.made)),
    })),
    notCarried: [...carries.values()].flatMap(({ notCarried }) => notCarried),
  };
}

function listenersOf(gateway: KubernetesObject, workload: GatewayWorkload, carry: Carry): Listener[] {
  const spec = asMap(gateway.spec);
  carry.only('spec', spec, ['gatewayClassName', 'listeners'], 'an Istio Gateway has no field for it');
  if (spec['gatewayClassName'] !== 'istio')
    carry.refuse(
      'spec.gatewayClassName',
      spec['gatewayClassName'],
      'only a Gateway of class istio becomes an Istio Gateway',
    );
  const listeners = asList(spec['listeners']).map(asMap);
  return listeners.map((listener, index) => {
    const path = `spec.listeners[${index}]`;
    carry.only(path, listener, ['name', 'port', 'protocol', 'hostname', 'tls', 'allowedRoutes']);
    const { protocol, port } = listener;
    if (protocol !== 'HTTP' && protocol !== 'HTTPS')
      carry.refuse(`${path}.protocol`, protocol, 'only listeners for HTTP and HTTPS are converted');
    const from = asMap(asMap(listener['allowedRoutes'])['namespaces'])['from'] ?? 'Same';
    if (from === 'Selector')
      carry.refuse(
        `${path}.allowedRoutes.namespaces`,
        from,
        'an Istio Gateway names namespaces, and selects none by labels',
      );
    const [name, hostname] = [asName(listener['name']) ?? String(index), asName(listener['hostname'])];
    const server = {
      port: { number: port, name: `${String(protocol).toLowerCase()}-${name}`, protocol },
      hosts: [`${from === 'All' ? '' : './'}${hostname ?? '*'}`],
      ...(protocol === 'HTTPS' ? { tls: tlsOf(asMap(listener['tls']), `${path}.tls`, gateway, workload, carry) } : {}),
    };
    const own = listeners.length === 1 ? gateway.metadata.name : `${gateway.metadata.name}-${name}`;
    return {
      gateway,
      name,
      port: asNumber(port),
      hostname,
      isOpen: from === 'All',
      made: networkingObject('Gateway', gateway, own, { selector: workload.selector, servers: [server] }),
    };
  });
}

function tlsOf(
  tls: JsonMap,
  path: string,
  gateway: KubernetesObject,
  { namespace }: GatewayWorkload,
  carry: Carry,
): JsonMap {
  carry.only(path, tls, ['mode', 'certificateRefs']);
  if ((tls['mode'] ?? 'Terminate') !== 'Terminate')
    carry.refuse(`${path}.mode`, tls['mode'], 'only listeners that terminate TLS are converted');
  const [certificate, ...others] = asList(tls['certificateRefs']).map(asMap);
  if (others.length > 0 || certificate === undefined)
    carry.refuse(`${path}.certificateRefs`, tls['certificateRefs'], 'an Istio server takes one certificate');
  const at = asName(certificate?.['namespace']) ?? gateway.metadata.namespace;
  if (at !== namespace)
    carry.refuse(
      `${path}.certificateRefs`,
      certificate,
      `the Secret must be in the namespace of the gateway's pods, ${namespace}`,
    );
  return { mode: 'SIMPLE', credentialName: certificate?.['name'] };
}

function bindingsOf(
  route: KubernetesObject,
  listeners: readonly Listener[],
  objects: readonly KubernetesObject[],
  carry: Carry,
): Binding[] {
  const spec = asMap(route.spec);
  carry.only('spec', spec, ['parentRefs', 'hostnames', 'rules']);
  const hostnames = asStrings(spec['hostnames']);
  const own = route.metadata.namespace;
  const rules = rankedRules(route, objects, carry);
  const atGateways = new Map<string, Binding>();
  const inMesh: Binding[] = [];
  for (const [index, entry] of asList(spec['parentRefs']).entries()) {
    const parent = asMap(entry);
    const path = `spec.parentRefs[${index}]`;
    const { group: of = group, kind = 'Gateway', name, namespace = own, sectionName, port } = parent;
    if (kind === 'Service' && of === '') {
      const isConsumer = namespace !== own;
      const host = isConsumer ? `${String(name)}.${String(namespace)}.svc.cluster.local` : String(name);
      const forPort = asNumber(port);
      inMesh.push({
        route,
        gateways: [],
        hosts: [host],
        rules: forPort === undefined ? rules : rankedRules(route, objects, new Carry(route), forPort),
        ...(isConsumer ? { exportTo: ['.'] } : {}),
      });
      continue;
    }
    const attached = listeners.filter(
      ({ gateway, name: section, port: number, isOpen }) =>
        gateway.metadata.name === name &&
        gateway.metadata.namespace === namespace &&
        (sectionName === undefined || section === sectionName) &&
        (port === undefined || number === port) &&
        (isOpen || own === namespace),
    );
    if (attached.length === 0) carry.refuse(path, parent, 'no listener among the objects takes this route');
    for (const { made, hostname } of attached) {
      const hosts = commonHosts(hostnames, hostname);
      if (hosts.length === 0) continue;
      const key = hosts.join();
      const binding = atGateways.get(key) ?? { route, gateways: [], hosts, rules };
      atGateways.set(key, { ...binding, gateways: [...binding.gateways, idOf(made).replace(/^\//, '')] });
    }
  }
  return [...atGateways.values(), ...inMesh];
}

/** Hosts of a route that a listener takes. */
function commonHosts(hostnames: readonly string[], listener: string | undefined): string[] {
  if (hostnames.length === 0) return [listener ?? '*'];
  if (listener === undefined) return [...hostnames];
  return hostnames.flatMap((host) => {
    if (host === listener || covers(listener, host)) return [host];
    return covers(host, listener) ? [listener] : [];
  });
}

function covers(wildcard: string, host: string): boolean {
  return wildcard.startsWith('*.') && host.endsWith(wildcard.slice(1)) && host !== wildcard;
}

/** Routes of one host at one gateway are one table by the Gateway API, and several VirtualServices are not sorted together: those with the same hosts become one, others are refused. */
function joined(bindings: readonly Binding[], carryOf: (route: KubernetesObject) => Carry): Binding[] {
  const tables: Binding[] = [];
  const placeOf = ({ gateways }: Binding): string => [...gateways].sort().join();
  for (const binding of bindings) {
    const place = (other: Binding): boolean =>
      other.gateways.some((gateway) => binding.gateways.includes(gateway)) ||
      (binding.gateways.length === 0 && other.gateways.length === 0 && isOneNamespace(binding, other));
    const rival = tables.find((other) => place(other) && other.hosts.some((host) => binding.hosts.includes(host)));
    if (rival === undefined) {
      tables.push({ ...binding });
    } else if (
      placeOf(rival) === placeOf(binding) &&
      [...rival.hosts].sort().join() === [...binding.hosts].sort().join() &&
      isOneNamespace(rival, binding)
    ) {
      rival.rules = [...rival.rules, ...binding.rules];
    } else {
      const [a, b] = [rival.route, binding.route];
      for (const [route, other] of [
        [a, b],
        [b, a],
      ] as const)
        carryOf(route).refuse(
          'spec.hostnames',
          asMap(route.spec)['hostnames'],
          `${objectTitle(other)} has one of these hosts at the same gateway, but not all the same hosts and gateways: their rules are one table, which one VirtualService must hold`,
        );
    }
  }
  return tables;
}

function isOneNamespace(a: Binding, b: Binding): boolean {
  return a.route.metadata.namespace === b.route.metadata.namespace;
}

function virtualService(
  { route, gateways, hosts, rules, exportTo }: Binding,
  named: Map<string, number>,
): KubernetesObject {
  const id = idOf(route);
  const count = (named.get(id) ?? 0) + 1;
  named.set(id, count);
  const name = count === 1 ? route.metadata.name : `${route.metadata.name}-${count}`;
  const spec = {
    hosts,
    ...(gateways.length === 0 ? {} : { gateways }),
    ...(exportTo === undefined ? {} : { exportTo }),
    http: inOrder(rules),
  };
  return networkingObject('VirtualService', route, name, spec);
}

/** A Gateway with routes of other kinds stays, since those attach to it. */
function refuseOtherRoutes(
  objects: readonly KubernetesObject[],
  gateways: readonly KubernetesObject[],
  carryOf: (object: KubernetesObject) => Carry,
): void {
  for (const kind of ['GRPCRoute', 'TCPRoute', 'TLSRoute', 'UDPRoute', 'ListenerSet'])
    for (const route of ofKind(objects, group, kind))
      for (const gateway of gateways.filter((one) => isParent(route, one)))
        carryOf(gateway).refuse(
          '',
          undefined,
          `${objectTitle(route)} attaches to it, and only HTTPRoutes are converted`,
        );
}

function isParent(route: KubernetesObject, { metadata }: KubernetesObject): boolean {
  const spec = asMap(route.spec);
  return [...asList(spec['parentRefs']), spec['parentRef']]
    .map(asMap)
    .some(
      ({ kind = 'Gateway', name, namespace = route.metadata.namespace }) =>
        kind === 'Gateway' && name === metadata.name && namespace === metadata.namespace,
    );
}

/** What shares a Gateway with an object that stays, stays too. */
function keepTogether(
  gateways: readonly KubernetesObject[],
  routes: readonly KubernetesObject[],
  carryOf: (object: KubernetesObject) => Carry,
): void {
  for (let changed = true; changed;) {
    changed = false;
    for (const gateway of gateways)
      for (const route of routes.filter((one) => isParent(one, gateway))) {
        const [stays, other] = carryOf(gateway).isWhole ? [route, gateway] : [gateway, route];
        if (carryOf(stays).isWhole || !carryOf(other).isWhole) continue;
        carryOf(other).refuse('', undefined, `stays as it is, together with ${objectTitle(stays)}`);
        changed = true;
      }
  }
}
