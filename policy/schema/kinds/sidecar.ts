import { connectionPoolProblems } from '../parts/traffic-policy';
import { destinationProblems } from '../parts/routes';
import { fqdnProblems, ipProblems, isUnixAddress, unixProblems, isDnsLabel, scopedHostProblems } from '../parts/hosts';
import { selectorProblems } from '../parts/names';
import { type FieldPlace, error, when, type SchemaProblem, shown, warning } from '../place';
import { isHttp, isTls, parseProtocol } from '../../../mesh/model/protocol';
import { portProblems } from '../parts/values';
import { serverTlsProblems } from '../parts/tls';

const parts = ['ingress', 'egress', 'outboundTrafficPolicy', 'inboundConnectionPool'];

export function sidecarProblems(spec: FieldPlace, namespace: string): SchemaProblem[] {
  const empty =
    spec.at('ingress').size + spec.at('egress').size === 0 &&
    !spec.at('outboundTrafficPolicy').isSet &&
    !spec.at('inboundConnectionPool').isSet;
  return [
    ...selectorProblems(spec.at('workloadSelector'), 'labels'),
    ...when(empty, () => error(spec, `a Sidecar needs at least one of ${parts.join(', ')}`)),
    ...ingressProblems(spec.at('ingress')),
    ...connectionPoolProblems(spec.at('inboundConnectionPool')),
    ...egressProblems(spec.at('egress'), namespace),
    ...outboundProblems(spec.at('outboundTrafficPolicy')),
  ];
}

/** REGISTRY_ONLY is the default. */
function outboundProblems(policy: FieldPlace): SchemaProblem[] {
  const proxy = policy.at('egressProxy');
  if (!proxy.isSet) return [];
  if (policy.at('mode').text !== 'ALLOW_ANY') return [error(proxy, 'is for mode ALLOW_ANY')];
  if (!proxy.at('port').isSet) return [...fqdnProblems(proxy.at('host')), error(proxy.at('port'), 'is required')];
  const host = fqdnProblems(proxy.at('host'));
  return [
    ...host,
    ...destinationProblems(proxy).filter(({ path }) => host.length === 0 || path !== proxy.at('host').path),
  ];
}

const loopback = ['', '127.0.0.1', '0.0.0.0', '::1', '::'];

function ingressProblems(listeners: FieldPlace): SchemaProblem[] {
  const numbers = listeners.items.map((listener) => listener.at('port', 'number').number);
  return listeners.items.flatMap((listener, index) => {
    const port = listener.at('port');
    if (!port.isSet) return [error(port, 'is required')];
    return [
      ...portFieldsProblems(port),
      ...portProblems(port.at('number')),
      ...bindProblems(listener.at('bind')),
      ...when(numbers.indexOf(port.at('number').number) < index, () =>
        error(port.at('number'), `the port ${shown(port.at('number'))} occurs twice`),
      ),
      ...defaultEndpointProblems(listener.at('defaultEndpoint')),
      ...ingressTlsProblems(listener),
      ...connectionPoolProblems(listener.at('connectionPool')),
      ...ineffectivePoolProblems(listener),
    ];
  });
}

function egressProblems(listeners: FieldPlace, namespace: string): SchemaProblem[] {
  const items = listeners.items;
  return items.flatMap((listener, index) => {
    const { port, hosts } = { port: listener.at('port'), hosts: listener.at('hosts') };
    const misplaced = !port.isSet && index < items.length - 1;
    return [
      ...when(misplaced, () =>
        error(
          listener,
          'the listener without a port takes all other connections, so there can be only one, and it must be the last',
        ),
      ),
      ...(port.isSet ? egressPortProblems(listener, items.slice(0, index)) : []),
      ...when(hosts.size === 0, () => error(hosts, 'a listener needs at least one host')),
      ...hosts.items.flatMap((host) => scopedHostProblems(host, { namespace: 'required' })),
      ...repeatedHostProblems(hosts, namespace),
    ];
  });
}

/** Port 0 is a socket, anything else an IP port. */
function egressPortProblems(listener: FieldPlace, earlier: FieldPlace[]): SchemaProblem[] {
  const { port, bind, mode } = {
    port: listener.at('port'),
    bind: listener.at('bind'),
    mode: listener.at('captureMode'),
  };
  const number = port.at('number');
  const taken = earlier.filter(
    (other) => other.at('port').isSet && other.at('port', 'number').number === number.number,
  );
  if (number.number === 0) {
    return [
      ...portFieldsProblems(port),
      ...(isUnixAddress(bind.text)
        ? unixProblems(bind)
        : [error(bind, 'port 0 needs a socket: unix:///path or unix://@name')]),
      ...when(!['', 'DEFAULT', 'NONE'].includes(mode.text), () =>
        error(mode, `${shown(mode)} is not allowed for a socket; allowed are DEFAULT and NONE`),
      ),
      ...when(
        taken.some((other) => other.at('bind').text === bind.text),
        () => error(bind, `the socket ${shown(bind)} occurs twice`),
      ),
    ];
  }
  return [
    ...portFieldsProblems(port),
    ...portProblems(number),
    ...bindProblems(bind),
    ...when(taken.length > 0, () => error(number, `the port ${shown(number)} occurs twice`)),
  ];
}

function portFieldsProblems(port: FieldPlace): SchemaProblem[] {
  const { name, protocol, targetPort } = {
    name: port.at('name'),
    protocol: port.at('protocol'),
    targetPort: port.at('targetPort'),
  };
  return [
    ...when(name.text !== '' && !isDnsLabel(name.text), () =>
      error(name, `${shown(name)} is not a valid name of a port; allowed are letters, digits and inner hyphens`),
    ),
    ...when(protocol.text !== '' && parseProtocol(protocol.text) === 'Unsupported', () =>
      error(protocol, `${shown(protocol)} is not a protocol`),
    ),
    ...when(targetPort.number > 0, () => error(targetPort, 'has no effect for a Sidecar')),
  ];
}

function bindProblems(bind: FieldPlace): SchemaProblem[] {
  return bind.text === '' ? [] : ipProblems(bind);
}

function defaultEndpointProblems(endpoint: FieldPlace): SchemaProblem[] {
  if (endpoint.text === '') return [];
  if (isUnixAddress(endpoint.text)) return unixProblems(endpoint);
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(.*)$/.exec(endpoint.text) ?? [];
  const host = bracketed ?? plain;
  const fine =
    host !== undefined &&
    loopback.includes(host) &&
    /^\d+$/.test(port ?? '') &&
    Number(port) >= 1 &&
    Number(port) <= 65535;
  return when(!fine, () =>
    error(
      endpoint,
      `${shown(endpoint)} is not a local endpoint; allowed are 127.0.0.1:<port>, 0.0.0.0:<port>, [::1]:<port>, [::]:<port> and unix://<path>`,
    ),
  );
}

function ingressTlsProblems(listener: FieldPlace): SchemaProblem[] {
  const tls = listener.at('tls');
  if (!tls.isSet) return [];
  const unsupported = ['subjectAltNames', 'credentialName', 'credentialNames', 'tlsCertificates'].filter(
    (field) => tls.at(field).text !== '' || tls.at(field).size > 0,
  );
  const { mode, redirect } = { mode: tls.at('mode'), redirect: tls.at('httpsRedirect') };
  const plain = !isTls(parseProtocol(listener.at('port', 'protocol').text));
  return [
    ...unsupported.map((field) => error(tls.at(field), 'is not supported for a Sidecar')),
    ...when(redirect.isTrue, () => error(redirect, 'is not supported for a Sidecar')),
    ...when(['ISTIO_MUTUAL', 'AUTO_PASSTHROUGH'].includes(mode.text), () =>
      error(mode, `${shown(mode)} is not supported for a Sidecar`),
    ),
    ...when(plain, () => error(tls, 'is for ports with protocol HTTPS or TLS')),
    ...serverTlsProblems(tls),
  ];
}

function ineffectivePoolProblems(listener: FieldPlace): SchemaProblem[] {
  const http = listener.at('connectionPool', 'http');
  const isHttpPort = isHttp(parseProtocol(listener.at('port', 'protocol').text));
  return when(http.isSet && !isHttpPort, () => warning(http, 'has no effect: the protocol of the port is not HTTP'));
}

function repeatedHostProblems(hosts: FieldPlace, namespace: string): SchemaProblem[] {
  const scoped = hosts.items
    .map((place) => {
      const slash = place.text.indexOf('/');
      const scope = place.text.slice(0, slash);
      return { place, scope: scope === '.' ? namespace : scope, host: place.text.slice(slash + 1) };
    })
    .filter(({ place, scope }) => place.text.includes('/') && !scope.startsWith('~'));
  const repeated = scoped.filter(({ scope, host }, index) => {
    const before = scoped.slice(0, index).filter((other) => other.scope === scope);
    return before.some((other) => host === '*' || other.host === '*' || other.host === host);
  });
  const everything = scoped.find(({ scope, host }) => scope === '*' && host === '*');
  const redundant = everything !== undefined && scoped.some(({ scope }) => scope !== '*');
  return [
    ...repeated.map(({ place }) => warning(place, `${shown(place)} is covered by another host of the listener`)),
    ...when(redundant, () => warning(hosts, '"*/*" is everything; other hosts beside it add nothing')),
  ];
}
