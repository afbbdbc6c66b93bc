import { dnsLabel, labelMaxLength } from '../names';
import type { Problem } from '../weights';
import { portNameProblem, portProblem } from './port';
import type { ServicePort, ServiceSettings } from './settings';

/**
 * Every reason why Kubernetes would refuse the Service's ports, by path below the Service.
 * @param ports - its own ports, or those that it takes from its workload
 */
export function servicePortProblems(service: ServiceSettings, ports: ServicePort[]): Problem[] {
  if (ports.length === 0) {
    if (service.spec?.['clusterIP'] === 'None' || service.spec?.['type'] === 'ExternalName') return [];
    return [{ path: ['ports'], message: 'a Service needs ports, or a workload with ports behind its selector' }];
  }
  return [
    ...ports.flatMap((port, index) =>
      portProblems(service, port).map(({ path, message }) => ({ path: ['ports', index, ...path], message })),
    ),
    ...nameProblems(ports),
    ...repeatedPorts(ports),
  ];
}

function portProblems(service: ServiceSettings, { port, targetPort, nodePort, name }: ServicePort): Problem[] {
  return [
    problem('port', portProblem(port)),
    problem('targetPort', targetProblem(targetPort)),
    problem('nodePort', nodePort === undefined ? undefined : (portProblem(nodePort) ?? nodePortTypeProblem(service))),
    problem(
      'name',
      name === undefined || (dnsLabel.test(name) && name.length <= labelMaxLength) ? undefined : labelMessage,
    ),
  ].flat();
}

const labelMessage = `the name of a Service's port must have at most ${labelMaxLength} lower-case letters, digits and "-", and start and end with a letter or digit`;

function targetProblem(target: number | string | undefined): string | undefined {
  if (target === undefined) return undefined;
  return typeof target === 'number' ? portProblem(target) : portNameProblem(target);
}

function nodePortTypeProblem({ type, spec }: ServiceSettings): string | undefined {
  const effective = spec?.['type'] ?? type ?? 'ClusterIP';
  return effective === 'NodePort' || effective === 'LoadBalancer'
    ? undefined
    : 'a nodePort needs `type: NodePort` or `type: LoadBalancer`';
}

function nameProblems(ports: ServicePort[]): Problem[] {
  if (ports.length === 1) return [];
  return ports.flatMap(({ name }, index) => {
    if (name === undefined) return [{ path: ['ports', index], message: 'each of several ports needs a name' }];
    return ports.findIndex((port) => port.name === name) === index
      ? []
      : [{ path: ['ports', index, 'name'], message: `two ports have the name "${name}"` }];
  });
}

function repeatedPorts(ports: ServicePort[]): Problem[] {
  const same = (one: ServicePort, other: ServicePort): boolean =>
    one.port === other.port && (one.protocol ?? 'TCP') === (other.protocol ?? 'TCP');
  return ports.flatMap((port, index) =>
    ports.slice(0, index).some((before) => same(before, port))
      ? [{ path: ['ports', index, 'port'], message: `port ${port.port} is taken by a port before` }]
      : [],
  );
}

function problem(key: string, message: string | undefined): Problem[] {
  return message === undefined ? [] : [{ path: [key], message }];
}
