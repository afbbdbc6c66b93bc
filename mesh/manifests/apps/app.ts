import { defined } from '../kubernetes';
import { injectionOf } from '../namespace';
import type { Rendered } from '../rendered';
import type { NamespaceSettings } from '../settings';
import { resolveApp, type ResolvedApp } from './resolve';
import { serviceObject } from './service';
import type { AppSettings } from './settings';
import { workloadObject } from './workload';

/** The objects of one app, in the namespace that its settings name: what the pods need first, the pods last. */
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

/** One ServiceAccount for each name that a workload uses; `default` is in every namespace anyway. */
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
