import { isHttp, isTls, parseProtocol } from '../../../mesh/model/protocol';
import { ipProblems, isUnixAddress, unixProblems, isDnsLabel, scopedHostProblems } from '../parts/hosts';
import { portProblems } from '../parts/values';
import { isGiven, passesThrough, serverTlsProblems } from '../parts/tls';
import { type FieldPlace, error, shown, warning, when, type SchemaProblem } from '../place';

const protocols = 'HTTP, HTTPS, HTTP2, GRPC, GRPC-WEB, TLS, TCP, MONGO, REDIS, MYSQL';

/**
 * Marks a Gateway that istiod itself creates from a Gateway of the Gateway API. Its name and hosts have fewer rules.
 */
const generated = 'internal.istio.io/gateway-semantics';

export function gatewayProblems(spec: FieldPlace, _namespace: string, object: FieldPlace): SchemaProblem[] {
  const name = object.at('metadata', 'name');
  const servers = spec.at('servers');
  const isGenerated = object.at('metadata', 'annotations', generated).text === 'gateway';
  const portNames = servers.items.map((server) => server.at('port', 'name'));
  return [
    ...when(!isDnsLabel(name.text) && !isGenerated, () =>
      error(
        name,
        `${shown(name)} is not a valid name for a Gateway; allowed are letters, digits and inner hyphens, without dots`,
      ),
    ),
    ...when(servers.size === 0, () => error(servers, 'a Gateway needs at least one server')),
    ...servers.items.flatMap((server) => serverProblems(server, isGenerated)),
    ...portNames.flatMap((port, index) =>
      when(portNames.findIndex(({ text }) => text === port.text) < index, () =>
        error(port, `the port name ${shown(port)} occurs twice; the names of ports must be unique`),
      ),
    ),
  ];
}

function serverProblems(server: FieldPlace, isGenerated: boolean): SchemaProblem[] {
  const { hosts, port, bind, tls } = {
    hosts: server.at('hosts'),
    port: server.at('port'),
    bind: server.at('bind'),
    tls: server.at('tls'),
  };
  return [
    ...when(hosts.size === 0, () => error(hosts, 'a server needs at least one host; "*" is every host')),
    ...hosts.items.flatMap((host) =>
      isGenerated && host.text.startsWith('~/') ? [] : scopedHostProblems(host, { namespace: 'optional' }),
    ),
    ...(port.isSet ? serverPortProblems(port, isUnixAddress(bind.text)) : [error(port, 'is required')]),
    ...bindProblems(bind),
    ...serverTlsProblems(tls),
    ...(port.isSet ? protocolProblems(server) : []),
  ];
}

function serverPortProblems(port: FieldPlace, atSocket: boolean): SchemaProblem[] {
  const { name, number, protocol, targetPort } = {
    name: port.at('name'),
    number: port.at('number'),
    protocol: port.at('protocol'),
    targetPort: port.at('targetPort'),
  };
  const wrongAtSocket = when(number.number !== 0, () =>
    error(number, `${shown(number)}: the port of a socket must be 0`),
  );
  return [
    ...when(parseProtocol(protocol.text) === 'Unsupported', () =>
      error(protocol, `${protocol.isSet ? shown(protocol) : 'nothing'} is not a protocol; allowed are ${protocols}`),
    ),
    ...(atSocket ? wrongAtSocket : portProblems(number)),
    ...when(targetPort.number > 0, () =>
      error(targetPort, 'has no effect for a Gateway; the workload listens on the port itself'),
    ),
    ...when(name.text === '', () => error(name, 'a port needs a name')),
  ];
}

function bindProblems(bind: FieldPlace): SchemaProblem[] {
  if (bind.text === '') return [];
  return isUnixAddress(bind.text) ? unixProblems(bind) : ipProblems(bind);
}

/** A protocol with TLS needs `tls`. One without TLS accepts it only for a redirect, that is, without certificates. */
function protocolProblems(server: FieldPlace): SchemaProblem[] {
  const tls = server.at('tls');
  const protocol = parseProtocol(server.at('port', 'protocol').text);
  const redirect = tls.at('httpsRedirect');
  const misplaced = when(redirect.isTrue && !isHttp(protocol), () =>
    warning(redirect, 'redirects requests, so it belongs to an HTTP server'),
  );
  if (protocol === 'Unsupported') return misplaced;
  if (isTls(protocol))
    return [...misplaced, ...when(!tls.isSet, () => error(tls, `is required for protocol ${protocol}`))];
  if (!tls.isSet) return misplaced;
  const bare = !['caCertificates', 'privateKey', 'serverCertificate'].some((field) => isGiven(tls.at(field)));
  const onlyRedirects = isHttp(protocol) && passesThrough(tls) && bare;
  return [
    ...misplaced,
    ...when(!onlyRedirects, () =>
      error(tls, `cannot be set for protocol ${protocol}, which has no TLS; use HTTPS or TLS`),
    ),
  ];
}
