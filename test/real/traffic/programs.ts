import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where the real control plane and proxy are. */
export interface Programs {
  pilotDiscovery: string;
  envoy: string;
}

/** `pilot-discovery` and `envoy` from PATH; a text that says what is missing otherwise. */
export function findPrograms(): Programs | string {
  const [pilotDiscovery, envoy] = ['pilot-discovery', 'envoy'].map(onPath);
  if (pilotDiscovery !== undefined && envoy !== undefined) return { pilotDiscovery, envoy };
  const missing = [pilotDiscovery === undefined ? 'pilot-discovery' : '', envoy === undefined ? 'envoy' : ''];
  return `no ${missing.filter((name) => name !== '').join(' and no ')} on PATH`;
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
