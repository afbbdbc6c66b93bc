import { defined } from './kubernetes';
import type { ObjectMeta } from './kubernetes';
import type { ObjectSettings } from './settings';

/** `apiVersion` and `metadata` of a networking object, as its settings ask; `name` is the default one. */
export function networkingMeta(
  namespace: string,
  name: string,
  settings: ObjectSettings = {},
): { apiVersion: string; metadata: ObjectMeta } {
  return {
    apiVersion: settings.apiVersion ?? 'networking.istio.io/v1',
    metadata: defined({
      name: settings.name ?? name,
      namespace,
      labels: settings.labels,
      annotations: settings.annotations,
    }),
  };
}
