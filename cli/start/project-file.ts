import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, stringify } from 'yaml';
import { checkout } from '../../loader/checkout';

interface Project {
  plugins?: Record<string, { path: string }[]>;
}

/** The project's Pulumi.yaml for another folder, from which it runs the program and the plugins of this one. */
export function projectFile(folder: string): string {
  const file = parse(readFileSync(join(checkout, 'Pulumi.yaml'), 'utf8')) as Project;
  const plugins = Object.entries(file.plugins ?? {}).map(([kind, list]) => [
    kind,
    list.map((plugin) => ({ ...plugin, path: relative(folder, join(checkout, plugin.path)) })),
  ]);
  return stringify({ ...file, main: relative(folder, checkout), plugins: Object.fromEntries(plugins) as object });
}
