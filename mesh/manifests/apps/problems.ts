import type { Problem } from '../weights';
import { knownApp } from './known';
import { knownAppNames } from './known/names';
import { knownAppOf, resolveApp } from './resolve';
import { servicePorts } from './service';
import { servicePortProblems } from './service-problems';
import type { AppSettings } from './settings';
import { workloadProblems } from './workload-problems';

/**
 * Every reason why Kubernetes would refuse the app's objects, or why a setting would have no effect. Paths start below the app's key; a mistake that a sample app's
 * own data cannot have made is always at a key that the settings hold.
 */
export function appProblems(name: string, settings: AppSettings): Problem[] {
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

function emptyProblems(name: string, settings: AppSettings): Problem[] {
  if (knownAppOf(name, settings) !== undefined || Object.keys(settings.workloads ?? {}).length > 0) return [];
  return [{ path: [], message: emptyMessage }];
}

/** `hub` and `version` work through the images of a sample app. */
function imageSettingProblems(name: string, settings: AppSettings): Problem[] {
  const known = knownAppOf(name, settings);
  const sample = known === undefined ? undefined : knownApp(known);
  return (['hub', 'version'] as const).flatMap((key) => {
    if (settings[key] === undefined || sample?.[key] !== undefined) return [];
    const why =
      known === undefined ? 'an app of your own' : `the sample app "${known}", whose images have a ${key} each`;
    return [{ path: [key], message: `has no effect on ${why}; set the workloads' image` }];
  });
}

function replicasProblems({ replicas = {} }: AppSettings, workloads: string[]): Problem[] {
  return Object.keys(replicas)
    .filter((workload) => !workloads.includes(workload))
    .map((workload) => ({
      path: ['replicas', workload],
      message: `no workload of that name; the app has ${workloads.join(', ')}`,
    }));
}

function below(path: string[], problems: Problem[]): Problem[] {
  return problems.map((problem) => ({ ...problem, path: [...path, ...problem.path] }));
}
