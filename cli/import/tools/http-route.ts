import { objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { asList, asMap, asNumber, asStrings } from '../../../mesh/json';
import type { Conversion, GatewayWorkload } from '../from-tools';
import { Carry, idOf, networkingObject, ofKind } from './carry';
import { listenersOf, type Listener } from './gateway-listeners';
import { inOrder, rankedRules, type RankedRule } from './http-rules';

const group = 'gateway.networking.k8s.io';

/** Rules for hosts at gateways, which become a VirtualService. */
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
    if (attached.length === 0) carry.refuse(path, parent, 'no listener among the objects accepts this route');
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

/** The Gateway API sorts all routes of a host at a gateway together; Istio does not sort the rules of several VirtualServices. So routes with the same hosts become one VirtualService, and other overlaps are refused. */
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
          `${objectTitle(other)} shares a host and a gateway with this route, but not all of them, so that one VirtualService cannot hold the rules of both`,
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

/** A Gateway with routes of other kinds is not converted. */
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

/** Objects that share a Gateway are converted together or not at all. */
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
        carryOf(other).refuse('', undefined, `is not converted, like ${objectTitle(stays)}`);
        changed = true;
      }
  }
}
