import { dnsLabel, labelMaxLength, portNameProblem, portProblem, type SettingsProblem } from '../formats';
import { knownAppOf, resolveApp } from './app';
import { knownApp } from './known';
import { type AppSettings, knownAppNames, type ServicePort, type ServiceSettings } from './settings';
import { servicePorts } from './workload';
import { workloadProblems } from './workload-problems';

/**
 * Reasons why Kubernetes would refuse the app's objects, and settings without effect. Paths start below the app's key and lead to a key of the settings, since the
 * sample apps' own data is valid.
 */
export function appProblems(name: string, settings: AppSettings): SettingsProblem[] {
  const { workloads, services } = resolveApp(name, settings);
  return [
    ...emptyProblems(name, settings),
    ...imageSettingProblems(name, settings),
    ...replicasProblems(settings, Object.keys(workloads)),
    ...Object.entries(workloads).flatMap(([workload, described]) =>
      below(['workloads', workload], workloadProblems(described)),
    ),
    ...Object.entries(services).flatMap(([service, described]) =>
      below(['services', service], servicePortProblems(described, servicePorts(service, described, workloads))),
    ),
  ];
}

const emptyMessage = `an app needs workloads, or the name of a sample app as its key or in \`app\`: ${knownAppNames.join(', ')}`;

function emptyProblems(name: string, settings: AppSettings): SettingsProblem[] {
  if (knownAppOf(name, settings) !== undefined || Object.keys(settings.workloads ?? {}).length > 0) return [];
  return [{ path: [], message: emptyMessage }];
}

/** `hub` and `version` are filled into the images of a sample app. */
function imageSettingProblems(name: string, settings: AppSettings): SettingsProblem[] {
  const known = knownAppOf(name, settings);
  const sample = known === undefined ? undefined : knownApp(known);
  return (['hub', 'version'] as const).flatMap((key) => {
    if (settings[key] === undefined || sample?.[key] !== undefined) return [];
    const why =
      known === undefined ? 'an app of your own' : `the sample app "${known}", whose images have a ${key} each`;
    return [{ path: [key], message: `has no effect on ${why}; set the workloads' image` }];
  });
}

function replicasProblems({ replicas = {} }: AppSettings, workloads: string[]): SettingsProblem[] {
  return Object.keys(replicas)
    .filter((workload) => !workloads.includes(workload))
    .map((workload) => ({
      path: ['replicas', workload],
      message: `no such workload; the app has ${workloads.join(', ')}`,
    }));
}

function below(path: string[], problems: SettingsProblem[]): SettingsProblem[] {
  return problems.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
}

/**
 * Reasons why Kubernetes would refuse the Service's ports, by path below the Service.
 * @param ports - its own ports, or those of its workload
 */
function servicePortProblems(service: ServiceSettings, ports: ServicePort[]): SettingsProblem[] {
  if (ports.length === 0) {
    if (service.spec?.['clusterIP'] === 'None' || service.spec?.['type'] === 'ExternalName') return [];
    return [{ path: ['ports'], message: 'a Service needs ports, or a selector that finds a workload with ports' }];
  }
  return [
    ...ports.flatMap((port, index) =>
      portProblems(service, port).map(({ path, message }) => ({ path: ['ports', index, ...path], message })),
    ),
    ...nameProblems(ports),
    ...repeatedPorts(ports),
  ];
}

function portProblems(service: ServiceSettings, { port, targetPort, nodePort, name }: ServicePort): SettingsProblem[] {
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

function nameProblems(ports: ServicePort[]): SettingsProblem[] {
  if (ports.length === 1) return [];
  return ports.flatMap(({ name }, index) => {
    if (name === undefined) return [{ path: ['ports', index], message: 'each of several ports needs a name' }];
    return ports.findIndex((port) => port.name === name) === index
      ? []
      : [{ path: ['ports', index, 'name'], message: `two ports have the name "${name}"` }];
  });
}

function repeatedPorts(ports: ServicePort[]): SettingsProblem[] {
  const same = (one: ServicePort, other: ServicePort): boolean =>
    one.port === other.port && (one.protocol ?? 'TCP') === (other.protocol ?? 'TCP');
  return ports.flatMap((port, index) =>
    ports.slice(0, index).some((before) => same(before, port))
      ? [{ path: ['ports', index, 'port'], message: `port ${port.port} is already used by an earlier port` }]
      : [],
  );
}

function problem(key: string, message: string | undefined): SettingsProblem[] {
  return message === undefined ? [] : [{ path: [key], message }];
}
