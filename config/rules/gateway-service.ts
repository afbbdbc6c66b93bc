import { defined } from '../../mesh/manifests/kubernetes';
import { ingressHostProblem } from '../../mesh/manifests/formats';
import { defaultGatewayPorts } from '../../mesh/manifests/gateway-workload';
import type { GatewaySettings, ServicePortSettings } from '../../mesh/manifests/settings';
import type { Key } from '../key-path';
import { didYouMean, type KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

/** The Service of a gateway workload, and the Ingress in front of it. */
export function gatewayServiceRules({ gateways = {}, addons }: StackFile): KeyProblem[] {
  return Object.entries(gateways).flatMap(([name, gateway]) => {
    const keys = ['gateways', name];
    return [
      ...repeatedPorts(gateway, keys),
      ...nodePorts(gateway, keys),
      ...ingressHosts(gateway, keys),
      ...ingressPort(gateway, keys),
      ...(addons?.certManager === undefined ? issuer(gateway, keys) : []),
    ];
  });
}

function ports({ service }: GatewaySettings): ServicePortSettings[] {
  return service?.ports ?? defaultGatewayPorts;
}

function repeatedPorts({ service }: GatewaySettings, keys: Key[]): KeyProblem[] {
  const listed = service?.ports ?? [];
  return listed.flatMap(({ name, port, protocol = 'TCP' }, index) => {
    const before = listed.slice(0, index);
    const at = [...keys, 'service', 'ports', index];
    return [
      ...(before.some((other) => other.name === name)
        ? [
            {
              keys: [...at, 'name'],
              message: `port name "${name}" is used by an earlier port; give each port its own name`,
            },
          ]
        : []),
      ...(before.some((other) => other.port === port && (other.protocol ?? 'TCP') === protocol)
        ? [
            {
              keys: [...at, 'port'],
              message: `port ${port}/${protocol} is used by an earlier port; list each port once`,
            },
          ]
        : []),
    ];
  });
}

function nodePorts(gateway: GatewaySettings, keys: Key[]): KeyProblem[] {
  const { type, nodePorts: byName = {} } = gateway.service ?? {};
  const names = ports(gateway).map(({ name }) => name);
  const at = [...keys, 'service', 'nodePorts'];
  const reads = [
    [...keys, 'service', 'ports', '**'],
    [...keys, 'service', 'type'],
  ];
  const entries = Object.entries(byName);
  const unused: KeyProblem[] =
    type === 'ClusterIP' && entries.length > 0
      ? [{ keys: at, message: 'a ClusterIP service has no node ports; use type NodePort or LoadBalancer', reads }]
      : [];
  const unknown = entries
    .filter(([name]) => !names.includes(name))
    .map(([name]) => {
      const message = `the service has no port "${name}"; its ports are ${names.join(', ')}`;
      return defined({ keys: [...at, name], message, hint: didYouMean(name, names), reads });
    });
  const repeated = entries
    .filter(([, port], index) => entries.slice(0, index).some(([, other]) => other === port))
    .map(([name, port]) => ({ keys: [...at, name], message: `node port ${port} is already assigned to another port` }));
  return [...unused, ...unknown, ...repeated];
}

function ingressHosts({ ingress }: GatewaySettings, keys: Key[]): KeyProblem[] {
  return (ingress?.hosts ?? []).flatMap((host, index) => {
    const message = ingressHostProblem(host);
    return message === undefined ? [] : [{ keys: [...keys, 'ingress', 'hosts', index], message }];
  });
}

function ingressPort(gateway: GatewaySettings, keys: Key[]): KeyProblem[] {
  const { ingress } = gateway;
  const known = ports(gateway).map(({ port }) => port);
  // Verbatim chart values may change the ports in ways that only the chart knows.
  if (ingress === undefined || gateway.values?.service !== undefined || gateway.install === false) return [];
  const { port = 80 } = ingress;
  if (known.includes(port)) return [];
  const message = `the gateway's service has no port ${port}; its ports are ${known.join(', ')}`;
  return [{ keys: [...keys, 'ingress', 'port'], message, reads: [[...keys, 'service', 'ports', '**']] }];
}

function issuer({ certificate }: GatewaySettings, keys: Key[]): KeyProblem[] {
  if (certificate === undefined || certificate.issuer !== undefined) return [];
  const message = 'no issuer: set issuer.name, or enable meshwright:addons.certManager, which creates one';
  return [{ keys: [...keys, 'certificate'], message, reads: [['addons', 'certManager']] }];
}
