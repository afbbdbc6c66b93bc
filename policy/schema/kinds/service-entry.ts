import { isHttp, isTls, parseProtocol } from '../../../mesh/model/protocol';
import {
  subnetProblems,
  isDnsLabel,
  isPartialWildcard,
  wildcardDomainProblems,
  isIpAddress,
  isUnixAddress,
  whyNoFqdn,
} from '../parts/hosts';
import { exportToProblems, selectorProblems, labelsProblems } from '../parts/names';
import { optionalPortProblems, portProblems } from '../parts/values';
import { type FieldPlace, error, shown, warning, when, type SchemaProblem } from '../place';
import { isWildcard } from '../../../mesh/model/hosts';
import { addressProblems, portsProblems } from './workload-entry';

/** The default resolution of a ServiceEntry. */
const defaultResolution = 'NONE';

export function serviceEntryProblems(spec: FieldPlace, namespace: string, object: FieldPlace): SchemaProblem[] {
  const resolution = spec.at('resolution').isSet ? spec.at('resolution').text : defaultResolution;
  const { hosts, selector, endpoints } = {
    hosts: spec.at('hosts'),
    selector: spec.at('workloadSelector'),
    endpoints: spec.at('endpoints'),
  };
  return [
    ...selectorProblems(selector, 'labels'),
    ...when(selector.isSet && endpoints.isSet, () =>
      error(endpoints, 'only one of workloadSelector and endpoints can be set'),
    ),
    ...when(hosts.size === 0, () => error(hosts, 'a ServiceEntry needs at least one host')),
    ...hosts.items.flatMap((host) => hostProblems(host, resolution)),
    ...spec.at('addresses').items.filter(isText).flatMap(subnetProblems),
    ...portListProblems(spec, resolution, object),
    ...resolutionProblems(spec, resolution, object),
    ...severalHostsProblems(spec, resolution),
    ...exportToProblems(spec.at('exportTo'), { namespace, allowNone: true }),
  ];
}

/** The CRD refuses everything else. */
function isText({ value }: FieldPlace): boolean {
  return typeof value === 'string';
}

function hostProblems(host: FieldPlace, resolution: string): SchemaProblem[] {
  if (host.text === '*')
    return [error(host, '"*" is every host; name the hosts, or use outboundTrafficPolicy ALLOW_ANY')];
  const partial = isPartialWildcard(host.text) && resolution !== 'DYNAMIC_DNS';
  return [
    ...wildcardDomainProblems(host),
    ...when(partial, () =>
      warning(host, `${shown(host)} has a "*" that is not the whole first label, which matches nothing`),
    ),
  ];
}

function portListProblems(spec: FieldPlace, resolution: string, object: FieldPlace): SchemaProblem[] {
  const ports = spec.at('ports').items;
  const [names, numbers] = [ports.map((port) => port.at('name').text), ports.map((port) => port.at('number').number)];
  const unaddressed = spec.at('addresses').size === 0 && !allocatesAddress(resolution, object);
  return ports.flatMap((port, index) => {
    const { name, number, protocol, targetPort } = {
      name: port.at('name'),
      number: port.at('number'),
      protocol: port.at('protocol'),
      targetPort: port.at('targetPort'),
    };
    const opaque = ['', 'TCP'].includes(protocol.text);
    return [
      ...when(names.indexOf(name.text) < index, () => error(name, `the port name ${shown(name)} occurs twice`)),
      ...when(numbers.indexOf(number.number) < index, () => error(number, `the port ${shown(number)} occurs twice`)),
      ...when(!isDnsLabel(name.text), () =>
        error(
          name,
          `${name.isSet ? shown(name) : 'nothing'} is not a valid name of a port; allowed are letters, digits and inner hyphens`,
        ),
      ),
      ...when(protocol.text !== '' && parseProtocol(protocol.text) === 'Unsupported', () =>
        error(
          protocol,
          `${shown(protocol)} is not a protocol; allowed are HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS, MYSQL`,
        ),
      ),
      ...portProblems(number),
      ...optionalPortProblems(targetPort),
      ...when(unaddressed && opaque, () =>
        warning(port, 'a TCP port without addresses takes every connection to that port, for any destination'),
      ),
    ];
  });
}

/** Whether istiod gives the entry its own address, which distinguishes its TCP connections from others. */
function allocatesAddress(resolution: string, object: FieldPlace): boolean {
  return (
    resolution !== 'NONE' &&
    object.at('metadata', 'labels', 'networking.istio.io/enable-autoallocate-ip').text.toLowerCase() !== 'false'
  );
}

/** Only the Host header or SNI can tell several hosts apart. */
function severalHostsProblems(spec: FieldPlace, resolution: string): SchemaProblem[] {
  if (resolution === 'NONE' || spec.at('hosts').size < 2) return [];
  const opaque = spec
    .at('ports')
    .items.map((port) => port.at('protocol'))
    .filter(({ text }) => !isHttp(parseProtocol(text)) && !isTls(parseProtocol(text)));
  return opaque
    .slice(0, 1)
    .map((protocol) =>
      error(
        protocol,
        `several hosts need HTTP or TLS to be told apart; ${protocol.isSet ? shown(protocol) : 'no protocol'} is neither`,
      ),
    );
}

const dns = ['DNS', 'DNS_ROUND_ROBIN'];

/** What a ServiceEntry may say depends on how the addresses of its hosts are found. */
function resolutionProblems(spec: FieldPlace, resolution: string, object: FieldPlace): SchemaProblem[] {
  const { addresses, endpoints, selector } = {
    addresses: spec.at('addresses'),
    endpoints: spec.at('endpoints'),
    selector: spec.at('workloadSelector'),
  };
  const ranges = addresses.items.filter(({ text }) => text.includes('/'));
  const common = ['NONE', 'STATIC'].includes(resolution)
    ? []
    : ranges.map((range) =>
        error(range, `${shown(range)}: a CIDR block is allowed for resolution NONE and STATIC only`),
      );
  switch (resolution) {
    case 'NONE':
      return [
        ...when(endpoints.size > 0, () =>
          error(endpoints, 'cannot be set for resolution NONE, which keeps the original destination of a request'),
        ),
        ...when(selector.isSet, () => warning(selector, 'has no effect for resolution NONE')),
      ];
    case 'STATIC':
      return endpoints.items.flatMap((endpoint) => staticProblems(endpoint, spec));
    case 'DYNAMIC_DNS':
      return [...common, ...dynamicProblems(spec, object)];
    default:
      return dns.includes(resolution) ? [...common, ...dnsProblems(spec, resolution)] : [];
  }
}

function staticProblems(endpoint: FieldPlace, spec: FieldPlace): SchemaProblem[] {
  const atSocket = isUnixAddress(endpoint.at('address').text);
  const ports = spec.at('ports');
  return [
    ...addressProblems(endpoint, { names: false }),
    ...endpointPortProblems(endpoint, spec),
    ...labelsProblems(endpoint.at('labels')),
    ...when(atSocket && ports.size !== 1, () => error(ports, 'an endpoint at a socket needs exactly one port')),
  ];
}

function dnsProblems(spec: FieldPlace, resolution: string): SchemaProblem[] {
  const { hosts, endpoints, addresses } = {
    hosts: spec.at('hosts'),
    endpoints: spec.at('endpoints'),
    addresses: spec.at('addresses'),
  };
  const unresolvable =
    endpoints.size > 0 ? [] : hosts.items.filter(({ text }) => text !== '*' && whyNoFqdn(text) !== undefined);
  const opaque = spec
    .at('ports')
    .items.some((port) =>
      ['TCP', 'HTTPS', 'TLS', 'Mongo', 'Redis', 'MySQL'].includes(parseProtocol(port.at('protocol').text)),
    );
  return [
    ...unresolvable.map((host) =>
      error(
        host,
        `${shown(host)} cannot be looked up; resolution ${resolution} without endpoints needs full DNS names`,
      ),
    ),
    ...when(resolution === 'DNS_ROUND_ROBIN' && endpoints.size > 1, () =>
      error(endpoints, `${endpoints.size} endpoints; resolution DNS_ROUND_ROBIN allows one`),
    ),
    ...endpoints.items.flatMap((endpoint) => [
      ...dnsAddressProblems(endpoint.at('address')),
      ...endpointPortProblems(endpoint, spec),
      ...labelsProblems(endpoint.at('labels')),
    ]),
    ...when(opaque && addresses.size > 0 && hosts.size > 1, () =>
      warning(hosts, 'several hosts share the addresses and a TCP port, so that they cannot be told apart'),
    ),
  ];
}

function dnsAddressProblems(address: FieldPlace): SchemaProblem[] {
  const fine = isIpAddress(address.text) || whyNoFqdn(address.text) === undefined;
  return when(!fine, () =>
    error(address, `${address.isSet ? shown(address) : 'nothing'} is neither an IP address nor a full DNS name`),
  );
}

function endpointPortProblems(endpoint: FieldPlace, spec: FieldPlace): SchemaProblem[] {
  const known = spec.at('ports').items.map((port) => port.at('name').text);
  const unknown = endpoint.at('ports').entries.filter(({ key }) => !known.includes(key));
  return [
    ...unknown.map(({ key, place }) =>
      error(place, `the ServiceEntry has no port "${key}"; its ports are ${known.join(', ')}`),
    ),
    ...portsProblems(endpoint),
  ];
}

/** Hosts are resolved on demand. */
function dynamicProblems(spec: FieldPlace, object: FieldPlace): SchemaProblem[] {
  const { hosts, addresses, endpoints, location } = {
    hosts: spec.at('hosts'),
    addresses: spec.at('addresses'),
    endpoints: spec.at('endpoints'),
    location: spec.at('location'),
  };
  const waypoint = object.at('metadata', 'labels', 'istio.io/use-waypoint').text;
  const plain = hosts.items.filter(({ text }) => !isWildcard(text));
  const opaque = spec
    .at('ports')
    .items.map((port) => port.at('protocol'))
    .filter(({ text }) => !isDynamic(text));
  const behindWaypoint = location.text === 'MESH_INTERNAL' && !['', 'none'].includes(waypoint.toLowerCase());
  return [
    ...plain.map((host) =>
      error(host, `${shown(host)} is not a wildcard; resolution DYNAMIC_DNS is for wildcard hosts`),
    ),
    ...[addresses, endpoints]
      .filter(({ size }) => size > 0)
      .map((place) => error(place, 'cannot be set for resolution DYNAMIC_DNS')),
    ...opaque.map((protocol) =>
      error(
        protocol,
        `${protocol.isSet ? shown(protocol) : 'no protocol'} cannot be routed by host; allowed are HTTP, HTTP2, GRPC and TLS`,
      ),
    ),
    ...when(behindWaypoint, () =>
      error(location, 'MESH_INTERNAL with resolution DYNAMIC_DNS does not work with a waypoint'),
    ),
  ];
}

function isDynamic(protocol: string): boolean {
  const parsed = parseProtocol(protocol);
  return ['HTTP', 'HTTP2', 'GRPC', 'TLS'].includes(parsed);
}
