import { pushTo } from '../../mesh/collections';
import { asList, asMap, asName, asNumber, asString, asStrings, indexedMaps } from '../../mesh/json';
import { visibility, type Visibility } from '../../mesh/model/mesh-config';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import type { Level } from '../finding';
import type { Rule, Violation } from '../rule';

/** Two ServiceEntries that agree, and a TCP port without an address, are advisory; two that disagree about a port's protocol are mandatory. */
export const serviceentry: Rule = {
  id: 'serviceentry',
  level: 'mandatory',
  title: 'a host outside the mesh is described once, and its traffic can be distinguished from that of other hosts',
  istio: ['IST0134'],
  kiali: ['KIA1211', 'KIA1212'],
  single: false,
  docs: {
    why: 'If two ServiceEntries have one host and port, proxies use the older; if they disagree about the protocol, requests are handled with the wrong one. A TCP port without addresses takes the connections to every other host on that port.',
    bad: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api, namespace: shop }
spec: { hosts: [api.example.com], ports: [{ number: 443, name: https, protocol: HTTPS }], resolution: DNS }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api-http, namespace: blog }
spec: { hosts: [api.example.com], ports: [{ number: 443, name: http, protocol: HTTP }], resolution: DNS }
`,
    good: `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: api, namespace: shop }
spec:
  hosts: [api.example.com]
  ports: [{ number: 443, name: https, protocol: HTTPS }, { number: 80, name: http, protocol: HTTP }]
  resolution: DNS
`,
    fix: 'Describe the host in one ServiceEntry, or export each to its own namespaces only. Give TCP ports addresses, or switch DNS capture with address allocation on.',
  },
  check: (model) => {
    const entries = model.objects.ofKind('ServiceEntry');
    return [...repeated(model, entries), ...entries.flatMap((entry) => withoutAddress(model, entry))];
  },
};

interface Port {
  source: MeshObject;
  host: string;
  number: number;
  protocol: string;
  path: string;
  seenBy: Visibility;
}

function repeated(model: MeshModel, entries: readonly MeshObject[]): Violation[] {
  const byHostAndPort = new Map<string, Port[]>();
  for (const port of entries.flatMap((entry) => portsOf(model, entry))) {
    pushTo(byHostAndPort, `${port.host} ${port.number}`, port);
  }
  return [...byHostAndPort.values()].flatMap((ports) =>
    ports.flatMap((port) => {
      const others = ports.filter((other) => other.source !== port.source && meet(other.seenBy, port.seenBy));
      const rival = others.find(({ protocol }) => protocol !== port.protocol) ?? others[0];
      return rival === undefined ? [] : [violation(port, rival)];
    }),
  );
}

function violation({ source, host, number, protocol, path }: Port, rival: Port): Violation {
  const conflict = rival.protocol !== protocol;
  const other = `ServiceEntry ${rival.source.namespace}/${rival.source.name}`;
  const message = conflict
    ? `port ${number} of ${host} is ${protocol} here and ${rival.protocol} in ${other}; proxies take one of the two. Make them agree, or keep one`
    : `port ${number} of ${host} is described by ${other} too; proxies take one of the two. Keep one, or export each to its own namespaces`;
  const level: Level = conflict ? 'mandatory' : 'advisory';
  return { object: source.object, path, message, level };
}

function portsOf(model: MeshModel, source: MeshObject): Port[] {
  const { spec, namespace } = source;
  const seenBy = visibility(asStrings(spec['exportTo']), namespace, model.config.defaultServiceExportTo);
  return indexedMaps(spec['ports']).flatMap(({ at, item }) => {
    const number = asNumber(item['number']);
    const protocol = (asString(item['protocol']) ?? '').toUpperCase();
    if (number === undefined) return [];
    const hosts = [...new Set(asStrings(spec['hosts']).map((host) => host.toLowerCase()))];
    return hosts.map((host) => ({ source, host, number, protocol, path: `spec.ports[${at}]`, seenBy }));
  });
}

function meet(a: Visibility, b: Visibility): boolean {
  if (a === '~' || b === '~') return false;
  return a === '*' || b === '*' || [...a].some((namespace) => b.has(namespace));
}

function withoutAddress(model: MeshModel, { object, spec }: MeshObject): Violation[] {
  const allocated = asList(asMap(object['status'])['addresses']).length > 0;
  if (asList(spec['addresses']).length > 0 || allocated || allocatesAddresses(model)) return [];
  return indexedMaps(spec['ports']).flatMap(({ at, item }) => {
    const protocol = asName(item['protocol']) ?? '';
    if (protocol !== '' && protocol.toUpperCase() !== 'TCP') return [];
    const message = `TCP port ${String(item['number'])} has no address to know ${asStrings(spec['hosts']).join(', ')} by, so it takes connections to any host on this port; add spec.addresses`;
    return [{ object, path: `spec.ports[${at}]`, message, level: 'advisory' as const }];
  });
}

/** Whether proxies capture DNS and give hosts their own address. */
function allocatesAddresses(model: MeshModel): boolean {
  const metadata = asMap(asMap(model.config.raw['defaultConfig'])['proxyMetadata']);
  if (metadata['ISTIO_META_DNS_CAPTURE'] !== 'true') return false;
  return ['ISTIO_META_DNS_AUTO_ALLOCATE', 'PILOT_ENABLE_IP_AUTOALLOCATE'].some((key) => metadata[key] === 'true');
}
