import type { RouteSettings, VersionSettings } from './settings';

export interface Version extends VersionSettings {
  version: string;
  labels: Record<string, string>;
}

/** A service's versions in the order of the settings, with their labels. */
export function versionsOf(route: RouteSettings): Version[] {
  const versions = route.versions ?? [];
  const named: [string, VersionSettings][] = Array.isArray(versions)
    ? versions.map((version) => [version, {}])
    : Object.entries(versions);
  return named.map(([version, settings]) => ({ ...settings, version, labels: settings.labels ?? { version } }));
}
