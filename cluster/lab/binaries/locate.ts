import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { ProgramName } from './programs';

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Absolute path of a program in KUBEBUILDER_ASSETS, else in PATH; undefined when neither has it. */
export async function locate(
  name: ProgramName | 'go' | 'python3' | 'envoy',
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const assets = name === 'go' || name === 'python3' ? undefined : env['KUBEBUILDER_ASSETS'];
  const folders = [assets, ...(env['PATH'] ?? '').split(path.delimiter)];
  for (const folder of folders) {
    if (folder === undefined || folder === '') continue;
    const file = path.resolve(folder, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}
