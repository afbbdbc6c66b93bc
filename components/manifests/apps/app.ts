import type { Rendered } from '../rendered';
import type { NamespaceSettings } from '../settings';
import type { AppSettings } from './settings';

/** The objects of one app, in the namespace that its settings name. */
export function appObjects(
  _name: string,
  _settings: AppSettings,
  _namespaces: Record<string, NamespaceSettings>,
): Rendered[] {
  return [];
}
