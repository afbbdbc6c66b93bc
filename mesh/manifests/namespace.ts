import { defined, type KubernetesObject } from './kubernetes';
import type { NamespaceSettings } from './settings';

/** Namespaces of every cluster, which a stack can only label. */
const builtIn = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

/** Whether the namespace exists without the stack. Then the stack only labels it, and destroy keeps it. */
export function isExistingNamespace(name: string, settings: NamespaceSettings): boolean {
  return settings.existing ?? builtIn.has(name);
}

/** Labels that enroll a namespace in the mesh. https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/ */
function namespaceLabels(settings: NamespaceSettings): Record<string, string> {
  return defined({
    'istio-injection': settings.injection === undefined ? undefined : settings.injection ? 'enabled' : 'disabled',
    'istio.io/rev': settings.revision,
    'istio.io/dataplane-mode': settings.ambient === true ? 'ambient' : undefined,
    ...settings.labels,
  });
}

export function namespaceObject(name: string, settings: NamespaceSettings): KubernetesObject {
  const labels = namespaceLabels(settings);
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: defined({
      name,
      labels: Object.keys(labels).length > 0 ? labels : undefined,
      annotations: settings.annotations,
    }),
  };
}

/**
 * The injection of a namespace: `enabled`, `disabled`, a revision, or `none`. Workloads have it as an annotation of their pod template, so that changed injection
 * restarts the pods: the injector only sees pods that are created.
 */
export function injectionOf(settings: NamespaceSettings | undefined): string {
  const labels = settings === undefined ? {} : namespaceLabels(settings);
  return labels['istio.io/rev'] ?? labels['istio-injection'] ?? 'none';
}

/** Pod template annotation with {@link injectionOf} of the workload's namespace. */
export const injectionAnnotation = 'meshwright.io/injection';
