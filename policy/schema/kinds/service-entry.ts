import { isHttp, isTls, parseProtocol } from '../../../mesh/model/protocol';
import { subnetProblems } from '../parts/addresses';
import { exportToProblems } from '../parts/export-to';
import { isDnsLabel, isPartialWildcard, wildcardDomainProblems } from '../parts/hosts';
import { selectorProblems } from '../parts/labels';
import { optionalPortProblems, portProblems } from '../parts/numbers';
import { resolutionProblems } from '../parts/resolution';
import type { Place } from '../place';
import { error, shown, warning, when, type SchemaProblem } from '../problem';

/** A ServiceEntry without a resolution has this one. */
const defaultResolution = 'NONE';

export function serviceEntryProblems(spec: Place, namespace: string, object: Place): SchemaProblem[] {
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
    ...exportToProblems(spec.at('exportTo'), { namespace, nobody: true }),
  ];
}

/** Anything else is the CRD's to refuse. */
function isText({ value }: Place): boolean {
  return typeof value === 'string';
}

function hostProblems(host: Place, resolution: string): SchemaProblem[] {
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

function portListProblems(spec: Place, resolution: string, object: Place): SchemaProblem[] {
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
      ...when(names.indexOf(name.text) < index, () => error(name, `the port name ${shown(name)} is there twice`)),
      ...when(numbers.indexOf(number.number) < index, () => error(number, `the port ${shown(number)} is there twice`)),
      ...when(!isDnsLabel(name.text), () =>
        error(
          name,
          `${name.isSet ? shown(name) : 'nothing'} is no name of a port; allowed are letters, digits and inner hyphens`,
        ),
      ),
      ...when(protocol.text !== '' && parseProtocol(protocol.text) === 'Unsupported', () =>
        error(
          protocol,
          `${shown(protocol)} is no protocol; allowed are HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS, MYSQL`,
        ),
      ),
      ...portProblems(number),
      ...optionalPortProblems(targetPort),
      ...when(unaddressed && opaque, () =>
        warning(port, 'a TCP port without addresses takes every connection to that port, whatever its destination'),
      ),
    ];
  });
}

/** Whether istiod gives the entry an address of its own, which tells its TCP connections from others. */
function allocatesAddress(resolution: string, object: Place): boolean {
  return (
    resolution !== 'NONE' &&
    object.at('metadata', 'labels', 'networking.istio.io/enable-autoallocate-ip').text.toLowerCase() !== 'false'
  );
}

/** Only the Host header or SNI can tell several hosts apart. */
function severalHostsProblems(spec: Place, resolution: string): SchemaProblem[] {
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
