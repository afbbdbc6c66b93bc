import { mergeValues } from '../release';
import { knownApp } from './known';
import type { KnownApp } from './known/app';
import { isKnownApp, type KnownAppName } from './known/names';
import { workloadLabels } from './labels';
import { selects } from './service';
import type { AppSettings, ServiceAccountSettings, ServiceSettings, WorkloadSettings } from './settings';

/** An app with everything that its sample app and its settings say, and nothing that is not installed. */
export interface ResolvedApp {
  workloads: Record<string, WorkloadSettings>;
  services: Record<string, ServiceSettings>;
  serviceAccounts: Record<string, ServiceAccountSettings>;
}

/** The sample app that `settings` start from, if any. `name` is the app's key. */
export function knownAppOf(name: string, settings: AppSettings): KnownAppName | undefined {
  return settings.app ?? (isKnownApp(name) ? name : undefined);
}

export function resolveApp(name: string, settings: AppSettings): ResolvedApp {
  const known = knownAppOf(name, settings);
  const sample: KnownApp = known === undefined ? { workloads: {} } : knownApp(known);
  const workloads = installed(
    withReplicas(merged(withImages(sample, settings), settings.workloads), settings.replicas),
  );
  return {
    workloads,
    services: merged(servicesBehind(sample.services ?? {}, settings.services ?? {}, workloads), settings.services),
    serviceAccounts: merged(sample.serviceAccounts ?? {}, settings.serviceAccounts),
  };
}

/** Both maps in one: entries of the same name are merged, those of the first come first. */
function merged<T extends object>(base: Record<string, T>, over: Record<string, T> = {}): Record<string, T> {
  return mergeValues(base, over) as Record<string, T>;
}

function withImages(sample: KnownApp, settings: AppSettings): Record<string, WorkloadSettings> {
  const hub = (settings.hub ?? sample.hub ?? '').replace(/\/+$/, '');
  const version = settings.version ?? sample.version ?? '';
  return mapped(sample.workloads, (workload) =>
    workload.image === undefined
      ? workload
      : { ...workload, image: workload.image.replace('{hub}', hub).replace('{version}', version) },
  );
}

function withReplicas(
  workloads: Record<string, WorkloadSettings>,
  replicas: Record<string, number> = {},
): Record<string, WorkloadSettings> {
  return mapped(workloads, (workload, name) => {
    const count = replicas[name];
    return count === undefined ? workload : { ...workload, replicas: count };
  });
}

function installed(workloads: Record<string, WorkloadSettings>): Record<string, WorkloadSettings> {
  return Object.fromEntries(Object.entries(workloads).filter(([, workload]) => workload.install !== false));
}

/** The sample's Services that the settings speak of, or that an installed workload stands behind. */
function servicesBehind(
  services: Record<string, ServiceSettings>,
  named: Record<string, ServiceSettings>,
  workloads: Record<string, WorkloadSettings>,
): Record<string, ServiceSettings> {
  const pods = Object.entries(workloads).map(([name, workload]) => workloadLabels(name, workload));
  return Object.fromEntries(
    Object.entries(services).filter(
      ([name, service]) => name in named || pods.some((labels) => selects(name, service, labels)),
    ),
  );
}

function mapped<T>(map: Record<string, T>, change: (value: T, name: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value, name)]));
}
