import type { Problem } from '../weights';
import { imageProblem } from './image';
import { portNameProblem, portProblem } from './port';
import { quantityProblem, quantityValue } from './quantity';
import type { ContainerPort, ResourceSettings, WorkloadSettings } from './settings';

/** Every reason why Kubernetes would refuse the workload, by path below it. */
export function workloadProblems(workload: WorkloadSettings): Problem[] {
  return [
    ...kindProblems(workload),
    ...imageProblems(workload),
    ...(workload.ports ?? []).flatMap(containerPortProblems),
    ...Object.keys(workload.env ?? {}).flatMap(envNameProblems),
    ...resourceProblems(workload.resources ?? {}),
  ];
}

/** Keys that another kind of workload has. */
function kindProblems(workload: WorkloadSettings): Problem[] {
  const kind = workload.kind ?? 'Deployment';
  const misplaced = [
    ...(kind === 'Pod' ? (['replicas', 'spec'] as const) : []),
    ...(kind === 'Deployment' ? [] : (['strategy'] as const)),
    ...(kind === 'StatefulSet' ? [] : (['serviceName'] as const)),
  ];
  const problems = misplaced
    .filter((key) => workload[key] !== undefined)
    .map((key) => ({ path: [key], message: `a ${kind} has no ${key}` }));
  if (workload.replicas === undefined || (Number.isInteger(workload.replicas) && workload.replicas >= 0))
    return problems;
  return [...problems, { path: ['replicas'], message: 'replicas must be a whole number, 0 or more' }];
}

function imageProblems({ image, container }: WorkloadSettings): Problem[] {
  const verbatim = container?.['image'];
  if (image === undefined && typeof verbatim !== 'string')
    return [{ path: ['image'], message: 'a workload needs an image' }];
  const message = image === undefined ? undefined : imageProblem(image);
  return message === undefined ? [] : [{ path: ['image'], message }];
}

function containerPortProblems({ containerPort, name }: ContainerPort, index: number): Problem[] {
  const number = portProblem(containerPort);
  const named = name === undefined ? undefined : portNameProblem(name);
  return [
    ...(number === undefined ? [] : [{ path: ['ports', index, 'containerPort'], message: number }]),
    ...(named === undefined ? [] : [{ path: ['ports', index, 'name'], message: named }]),
  ];
}

function envNameProblems(name: string): Problem[] {
  return name !== '' && !name.includes('=')
    ? []
    : [{ path: ['env', name], message: 'the name of an environment variable must not be empty nor hold "="' }];
}

function resourceProblems(resources: ResourceSettings): Problem[] {
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
