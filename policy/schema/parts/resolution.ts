import { isWildcard } from '../../../mesh/model/host-name';
import { parseProtocol } from '../../../mesh/model/protocol';
import { addressProblems, portsProblems } from '../kinds/workload-entry';
import type { Place } from '../place';
import { error, shown, warning, when, type SchemaProblem } from '../problem';
import { isIpAddress, isUnixAddress } from './addresses';
import { whyNoFqdn } from './hosts';
import { labelsProblems } from './labels';

const dns = ['DNS', 'DNS_ROUND_ROBIN'];

/** What a ServiceEntry may say depends on how the addresses of its hosts are found. */
export function resolutionProblems(spec: Place, resolution: string, object: Place): SchemaProblem[] {
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
          error(endpoints, 'cannot be set for resolution NONE, which sends requests where they were going'),
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

function staticProblems(endpoint: Place, spec: Place): SchemaProblem[] {
  const atSocket = isUnixAddress(endpoint.at('address').text);
  const ports = spec.at('ports');
  return [
    ...addressProblems(endpoint, { names: false }),
    ...endpointPortProblems(endpoint, spec),
    ...labelsProblems(endpoint.at('labels')),
    ...when(atSocket && ports.size !== 1, () => error(ports, 'an endpoint at a socket needs exactly one port')),
  ];
}

function dnsProblems(spec: Place, resolution: string): SchemaProblem[] {
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
      error(endpoints, `${endpoints.size} endpoints; resolution DNS_ROUND_ROBIN takes one`),
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

function dnsAddressProblems(address: Place): SchemaProblem[] {
  const fine = isIpAddress(address.text) || whyNoFqdn(address.text) === undefined;
  return when(!fine, () =>
    error(address, `${address.isSet ? shown(address) : 'nothing'} is neither an IP address nor a full DNS name`),
  );
}

function endpointPortProblems(endpoint: Place, spec: Place): SchemaProblem[] {
  const known = spec.at('ports').items.map((port) => port.at('name').text);
  const unknown = endpoint.at('ports').entries.filter(({ key }) => !known.includes(key));
  return [
    ...unknown.map(({ key, place }) =>
      error(place, `the ServiceEntry has no port "${key}"; its ports are ${known.join(', ')}`),
    ),
    ...portsProblems(endpoint),
  ];
}

/** Hosts are looked up when somebody asks for them. */
function dynamicProblems(spec: Place, object: Place): SchemaProblem[] {
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
    ...plain.map((host) => error(host, `${shown(host)} is no wildcard; resolution DYNAMIC_DNS is for wildcard hosts`)),
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
