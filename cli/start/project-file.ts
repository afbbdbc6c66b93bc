import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parse, stringify } from 'yaml';
import { checkout } from '../../lab/checkout';

interface Project {
  plugins?: { providers?: { path: string }[] };
}

/** The project's Pulumi.yaml for another folder, from which it runs the program and the providers of this one. */
export function projectFile(folder: string): string {
  const file = parse(readFileSync(join(checkout, 'Pulumi.yaml'), 'utf8')) as Project;
  const { providers = [] } = file.plugins ?? {};
  const moved = providers.map((provider) => ({ ...provider, path: relative(folder, join(checkout, provider.path)) }));
  return stringify({ ...file, main: relative(folder, checkout), plugins: { providers: moved } });
}
