import { asList, asMap, asName, asNumber, asString, indexedMaps } from '../../mesh/json';
import type { MeshModel, MeshService, MeshWorkload } from '../../mesh/model/mesh-model';
import { parseProtocol } from '../../mesh/model/protocol';
import { servicesOf } from '../model/workloads';
import { hasNoProxy } from '../../mesh/model/mutual-tls';
import type { Rule, Violation } from '../rule';

/** User of Istio's own proxy, whose traffic is not captured. */
const proxyUser = 1337;
/** appProtocols that Kubernetes defines and istiod knows. */
const kubernetesProtocols = ['kubernetes.io/h2c', 'kubernetes.io/ws', 'kubernetes.io/wss'];
/** Ports that istiod treats as TCP, with any name: SMTP, DNS, MySQL, MongoDB. */
const serverFirst = [25, 53, 3306, 27017];

/**
 * A port without a protocol works, because the proxy detects the protocol: advisory. Services of the root namespace and
 * of workloads without a proxy are left out.
 */
export const servicePorts: Rule = {
  id: 'service-ports',
  level: 'advisory',
  title: 'Service ports state their protocol and lead to a port of the pods',
  istio: ['IST0116', 'IST0118', 'IST0137', 'IST0144', 'IST0150'],
  kiali: ['KIA0601', 'KIA0602', 'KIA0701'],
  single: false,
  docs: {
    why: 'Without a protocol in the name or appProtocol of a port, proxies detect it. Detection delays protocols in which the server speaks first, and if it fails, HTTP routes do not apply.',
    bad: `
apiVersion: v1
kind: Service
metadata: { name: order, namespace: mall }
spec: { selector: { app: order }, ports: [{ port: 8080, targetPort: 8080 }] }
`,
    good: `
apiVersion: v1
kind: Service
metadata: { name: order, namespace: mall }
spec: { selector: { app: order }, ports: [{ name: http, port: 8080, targetPort: 8080 }] }
`,
    fix: 'Name the port `<protocol>[-<suffix>]` or set appProtocol; let targetPort be a port of the container; run the container as another user than 1337.',
  },
  check: (model) => [
    ...model.services.all
      .filter(({ registry, namespace }) => registry === 'Kubernetes' && !isSystem(model, namespace))
      .flatMap((service) => serviceViolations(model, service)),
    ...model.workloads.all
      .filter(({ namespace }) => !isSystem(model, namespace))
      .flatMap((workload) => [...sharedPorts(model, workload), ...runsAsProxy(model, workload)]),
  ],
};

function serviceViolations(model: MeshModel, service: MeshService): Violation[] {
  const workloads = model.workloads.behind(service);
  const isOutside = workloads.length > 0 && workloads.every((workload) => hasNoProxy(model, workload));
  return indexedMaps(service.source.spec['ports']).flatMap(({ at, item }) =>
    [isOutside ? undefined : protocolFault(service, item), targetFault(workloads, item)].flatMap((message) =>
      message === undefined ? [] : [{ object: service.source.object, path: `spec.ports[${at}]`, message }],
    ),
  );
}

function protocolFault({ externalName }: MeshService, port: Readonly<Record<string, unknown>>): string | undefined {
  const [name, appProtocol] = [asString(port['name']) ?? '', asString(port['appProtocol'])];
  if (port['protocol'] === 'UDP' || port['protocol'] === 'SCTP') return undefined;
  if (externalName !== undefined && name === 'tcp') {
    return 'a TCP port of an ExternalName Service takes connections to every other host on that port; name it by its protocol, such as https';
  }
  const stated = appProtocol ?? name;
  const isKnown =
    parseProtocol(stated.split('-')[0] ?? '') !== 'Unsupported' ||
    stated.toLowerCase().startsWith('grpc-web') ||
    (appProtocol !== undefined && kubernetesProtocols.includes(appProtocol));
  if (isKnown || serverFirst.includes(asNumber(port['port']) ?? 0)) return undefined;
  const where =
    appProtocol === undefined
      ? name === ''
        ? 'the port has no name'
        : `the name "${name}" says no protocol`
      : `appProtocol "${appProtocol}" is not one that Istio knows`;
  return `${where}, so proxies guess the protocol of port ${String(port['port'])}; name it http, http2, https, grpc, tcp or tls (with -suffix), or set appProtocol`;
}

/** A target port that no container of the pods lists. Containers that list no ports at all may still open any. */
function targetFault(workloads: readonly MeshWorkload[], port: Readonly<Record<string, unknown>>): string | undefined {
  const [first] = workloads;
  const target = asNumber(port['targetPort']) ?? asName(port['targetPort']) ?? asNumber(port['port']);
  if (first === undefined || target === undefined || workloads.some(({ ports }) => ports.length === 0))
    return undefined;
  const isListed = workloads.some(({ ports }) =>
    ports.some(({ number, name }) => number === target || name === target),
  );
  if (isListed) return undefined;
  const listed = [...new Set(first.ports.map(({ number }) => number))].join(', ');
  return `targetPort ${target} is not among the ports that ${first.kind} ${first.name} lists (${listed}); list it there if the application listens on it, else correct it`;
}

/** Ports of one workload that its Services treat differently. */
function sharedPorts(model: MeshModel, workload: MeshWorkload): Violation[] {
  if (workload.proxy === 'none') return [];
  const services = servicesOf(model, workload);
  if (services.length < 2) return [];
  const ports = services.flatMap((service) =>
    indexedMaps(service.source.spec['ports']).map(({ item }) => ({ service, item })),
  );
  const byPort = grouped(
    ports,
    ({ item }) => String(item['port']),
    ({ item }) => asString(item['protocol']) ?? 'TCP',
  );
  const byTarget = grouped(
    ports,
    ({ item }) => String(item['targetPort'] ?? item['port']),
    ({ item }) => String(item['port']),
  );
  const names = services
    .map(({ name }) => name)
    .sort()
    .join(', ');
  return [
    ...byPort.map(([port, protocols]) => `port ${port} is ${protocols} in the Services ${names}`),
    ...byTarget.map(
      ([target, numbers]) => `targetPort ${target} is behind the ports ${numbers} of the Services ${names}`,
    ),
  ].map((fault) => ({
    object: workload.source.object,
    path: '',
    message: `${fault} of these pods, and the proxy keeps only one; give each Service its own port`,
  }));
}

/** Keys with more than one value, and those values. */
function grouped<T>(items: readonly T[], key: (item: T) => string, value: (item: T) => string): [string, string][] {
  const values = new Map<string, Set<string>>();
  for (const item of items) values.set(key(item), (values.get(key(item)) ?? new Set()).add(value(item)));
  return [...values].flatMap(([name, found]): [string, string][] =>
    found.size > 1 ? [[name, [...found].sort().join(' and ')]] : [],
  );
}

/** Namespaces that Istio's own analysis leaves out. */
function isSystem(model: MeshModel, namespace: string): boolean {
  return (
    namespace === model.config.rootNamespace || namespace.startsWith('kube-') || namespace === 'local-path-storage'
  );
}

function runsAsProxy(model: MeshModel, workload: MeshWorkload): Violation[] {
  const { source, podSpec, podSpecPath } = workload;
  if (model.isGateway(workload)) return [];
  const pod =
    asNumber(asMap(podSpec['securityContext'])['runAsUser']) === proxyUser
      ? [`${podSpecPath}.securityContext.runAsUser`]
      : [];
  const containers = asList(podSpec['containers']).flatMap((value, at) => {
    const container = asMap(value);
    const user = asNumber(asMap(container['securityContext'])['runAsUser']);
    return user === proxyUser && container['name'] !== 'istio-proxy'
      ? [`${podSpecPath}.containers[${at}].securityContext.runAsUser`]
      : [];
  });
  return [...pod, ...containers].map((path) => ({
    object: source.object,
    path,
    message: `user ${proxyUser} is the proxy's own, whose traffic bypasses the mesh; run as another user`,
  }));
}
