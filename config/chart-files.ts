import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ChartSource, StackSettings } from '../mesh/manifests/settings';
import { keyPath, type Key } from './key-path';
import type { Problem } from './problem';

/**
 * Charts of the stack that should be on this machine and are not.
 * @param project - folder of the project, which relative paths start from
 */
export function missingCharts({ istio, addons }: StackSettings, project: string): Problem[] {
  return [
    ...missing(istio?.charts, ['istio', 'charts'], project),
    ...missing(addons?.charts, ['addons', 'charts'], project),
  ];
}

function missing({ path, files = {} }: ChartSource = {}, keys: Key[], project: string): Problem[] {
  const named: [Key[], string][] = [
    ...(path === undefined ? [] : [[['path'], path] as [Key[], string]]),
    ...Object.entries(files).map(([chart, file]): [Key[], string] => [['files', chart], file]),
  ];
  return named
    .filter(([, file]) => !existsSync(resolve(project, file)))
    .map(([below, file]) => ({
      path: keyPath([...keys, ...below]),
      value: file,
      message: `there is no such file or folder; relative paths start from ${project}`,
    }));
}
