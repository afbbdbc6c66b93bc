import {
  imageProblem,
  labelKey,
  labelMaxLength,
  labelValue,
  portNameProblem,
  portProblem,
  quantityProblem,
  quantityValue,
  type SettingsProblem,
} from '../formats';
import type { ContainerPort, ResourceSettings, WorkloadSettings } from './settings';
import { asMap } from '../../json';

/** `replicas` is an int32. */
const mostReplicas = 2 ** 31 - 1;

/** Reasons why Kubernetes would refuse the workload, by path below it. */
export function workloadProblems(workload: WorkloadSettings): SettingsProblem[] {
  return [
    ...kindProblems(workload),
    ...imageProblems(workload),
    ...(workload.ports ?? []).flatMap(containerPortProblems),
    ...repeatedNames(workload.ports ?? []),
    ...labelProblems(workload.labels ?? {}),
    ...probeProblems(workload),
    ...mountProblems(workload),
    ...Object.keys(workload.env ?? {}).flatMap(envNameProblems),
    ...resourceProblems(workload.resources ?? {}),
  ];
}

/** Keys of another kind of workload. */
function kindProblems(workload: WorkloadSettings): SettingsProblem[] {
  const kind = workload.kind ?? 'Deployment';
  const misplaced = [
    ...(kind === 'Pod' ? (['replicas', 'spec'] as const) : []),
    ...(kind === 'Deployment' ? [] : (['strategy'] as const)),
    ...(kind === 'StatefulSet' ? [] : (['serviceName'] as const)),
  ];
  const problems = misplaced
    .filter((key) => workload[key] !== undefined)
    .map((key) => ({ path: [key], message: `a ${kind} has no ${key}` }));
  const { replicas = 0 } = workload;
  if (Number.isInteger(replicas) && replicas >= 0 && replicas <= mostReplicas) return problems;
  return [...problems, { path: ['replicas'], message: `replicas must be a whole number from 0 to ${mostReplicas}` }];
}

function imageProblems({ image, container }: WorkloadSettings): SettingsProblem[] {
  const verbatim = container?.['image'];
  if (image === undefined && typeof verbatim !== 'string')
    return [{ path: ['image'], message: 'a workload needs an image' }];
  // Fields of `container` win over the rest.
  const [used, path] = typeof verbatim === 'string' ? [verbatim, ['container', 'image']] : [image, ['image']];
  const message = used === undefined ? undefined : imageProblem(used);
  return message === undefined ? [] : [{ path, message }];
}

function containerPortProblems({ containerPort, name }: ContainerPort, index: number): SettingsProblem[] {
  const number = portProblem(containerPort);
  const named = name === undefined ? undefined : portNameProblem(name);
  return [
    ...(number === undefined ? [] : [{ path: ['ports', index, 'containerPort'], message: number }]),
    ...(named === undefined ? [] : [{ path: ['ports', index, 'name'], message: named }]),
  ];
}

function repeatedNames(ports: ContainerPort[]): SettingsProblem[] {
  return ports.flatMap(({ name }, index) =>
    name !== undefined && ports.slice(0, index).some((before) => before.name === name)
      ? [{ path: ['ports', index, 'name'], message: `the name "${name}" is already used by an earlier port` }]
      : [],
  );
}

function labelProblems(labels: Record<string, string>): SettingsProblem[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...(labelKey.test(key) ? [] : [{ path: ['labels', key], message: 'is not a valid label key' }]),
    ...(labelValue.test(value)
      ? []
      : [
          {
            path: ['labels', key],
            message: `the value of a label must have at most ${labelMaxLength} letters, digits, "-", "_" and ".", and start and end with a letter or digit`,
          },
        ]),
  ]);
}

function mountProblems({ volumes = [], volumeMounts = [], pod, kind, spec }: WorkloadSettings): SettingsProblem[] {
  // Volumes may also be in the verbatim fields of the pod.
  if (pod?.['volumes'] !== undefined || (kind === 'StatefulSet' && spec?.['volumeClaimTemplates'] !== undefined))
    return [];
  const names = volumes.map(({ name }) => name);
  return volumeMounts.flatMap(({ name }, index) =>
    names.includes(name)
      ? []
      : [
          {
            path: ['volumeMounts', index, 'name'],
            message: `there is no volume "${name}"; ${names.length === 0 ? 'the workload has none' : `there are ${names.join(', ')}`}`,
          },
        ],
  );
}

function envNameProblems(name: string): SettingsProblem[] {
  return name !== '' && !name.includes('=')
    ? []
    : [{ path: ['env', name], message: 'the name of an environment variable must not be empty or contain "="' }];
}

function resourceProblems(resources: ResourceSettings): SettingsProblem[] {
  const { requests = {}, limits = {} } = resources;
  const amounts = (['requests', 'limits'] as const).flatMap((key) =>
    Object.entries(resources[key] ?? {}).flatMap(([resource, quantity]) => {
      const message = quantityProblem(quantity);
      return message === undefined ? [] : [{ path: ['resources', key, resource], message }];
    }),
  );
  const exceeding = Object.entries(requests).flatMap(([resource, quantity]) => {
    const limit = limits[resource];
    const requested = quantityValue(quantity);
    const limited = limit === undefined ? undefined : quantityValue(limit);
    if (limit === undefined || requested === undefined || limited === undefined || requested <= limited) return [];
    return [
      { path: ['resources', 'requests', resource], message: `a request must not exceed its limit, here ${limit}` },
    ];
  });
  return [...amounts, ...exceeding];
}

/** Handlers of a probe, which must have exactly one. */
const handlers = ['httpGet', 'tcpSocket', 'exec', 'grpc'];

/** Reasons why Kubernetes would refuse a workload's probes, by path below the workload. */
function probeProblems(workload: WorkloadSettings): SettingsProblem[] {
  return (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((key) => {
    const probe = workload[key];
    if (probe === undefined) return [];
    const used = handlers.filter((handler) => probe[handler] !== undefined && probe[handler] !== null);
    if (used.length !== 1) {
      const found = used.length === 0 ? 'has none' : `has ${used.join(', ')}`;
      return [{ path: [key], message: `a probe must have exactly one of ${handlers.join(', ')}; this ${found}` }];
    }
    return used.flatMap((handler) => {
      const { port } = asMap(probe[handler]);
      const message = typeof port === 'number' ? portProblem(port) : undefined;
      return message === undefined ? [] : [{ path: [key, handler, 'port'], message }];
    });
  });
}
