import { defined, type Rendered } from '../kubernetes';
import { injectionOf } from '../namespace';
import { mergeValues } from '../release';
import type { NamespaceSettings } from '../settings';
import { knownApp } from './known';
import { selects, serviceObject, workloadLabels, workloadObject } from './workload';
import {
  type AppSettings,
  isKnownApp,
  type KnownApp,
  type KnownAppName,
  type ServiceAccountSettings,
  type ServiceSettings,
  type WorkloadSettings,
} from './settings';

/** The objects of one app in the namespace of its settings. What the pods need comes first, the pods last. */
export function appObjects(
  name: string,
  settings: AppSettings,
  namespaces: Record<string, NamespaceSettings>,
): Rendered[] {
  const app = resolveApp(name, settings);
  const { namespace } = settings;
  const origin = `meshwright:apps.${name}`;
  const injection = injectionOf(namespaces[namespace]);
  return [
    ...secrets(namespace, settings, origin),
    ...serviceAccounts(namespace, app, origin),
    ...Object.entries(app.services).map(([service, serviceSettings]) => ({
      object: serviceObject(namespace, service, serviceSettings, app.workloads),
      origin: `${origin}.services.${service}`,
    })),
    ...Object.entries(app.workloads).map(([workload, workloadSettings]) => ({
      object: workloadObject(namespace, workload, workloadSettings, injection),
      origin: `${origin}.workloads.${workload}`,
    })),
  ];
}

function secrets(namespace: string, { secrets: named = {} }: AppSettings, origin: string): Rendered[] {
  return Object.entries(named).map(([name, stringData]) => ({
    object: { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, stringData },
    origin: `${origin}.secrets.${name}`,
  }));
}

/** One ServiceAccount for each name that a workload uses, except `default`, which every namespace has. */
function serviceAccounts(namespace: string, app: ResolvedApp, origin: string): Rendered[] {
  const used = new Set(Object.values(app.workloads).flatMap(({ serviceAccount }) => serviceAccount ?? []));
  used.delete('default');
  return [...used].flatMap((name) => {
    const { install, labels, annotations } = app.serviceAccounts[name] ?? {};
    if (install === false) return [];
    const metadata = defined({ name, namespace, labels, annotations });
    return [
      { object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata }, origin: `${origin}.serviceAccounts.${name}` },
    ];
  });
}

/** An app after the merge of its sample app and its settings, without the workloads that are not installed. */
export interface ResolvedApp {
  workloads: Record<string, WorkloadSettings>;
  services: Record<string, ServiceSettings>;
  serviceAccounts: Record<string, ServiceAccountSettings>;
}

/** The sample app that `settings` are based on, if any. `name` is the app's key. */
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

/** Merges two maps entry by entry, in the order of the first. */
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

/** The sample's Services that the settings name or that select an installed workload. */
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
