import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { labStatus, type LabStatus } from '../cluster/lab';
import type { LoadedStack, StackChoice } from './input';
import { say } from './output';

/** The kubernetes:context of a stack file; samples have none. */
export function contextOf({ sample }: StackChoice, { file }: Pick<LoadedStack, 'file'>): string | undefined {
  if (sample !== undefined) return undefined;
  const { config } = parse(readFileSync(file, 'utf8')) as { config?: Record<string, unknown> };
  const context = config?.['kubernetes:context'];
  return typeof context === 'string' ? context : undefined;
}

/** For tests: the lab and the environment. */
interface Surroundings {
  status?: () => Promise<Pick<LabStatus, 'kubeconfig' | 'apiServer'>>;
  env?: NodeJS.ProcessEnv;
}

/**
 * The kubeconfig of this project's lab, if the lab is up and no flag, stack file or KUBECONFIG names another cluster. Says so on stderr.
 * @param named - the clusters that flags and the stack file name
 */
export async function labByDefault(
  named: readonly (string | readonly string[] | undefined)[],
  { status = labStatus, env = process.env }: Surroundings = {},
): Promise<string | undefined> {
  if (named.some((name) => name !== undefined) || (env['KUBECONFIG'] ?? '') !== '') return undefined;
  const { kubeconfig, apiServer } = await status();
  if (!apiServer.reachable || kubeconfig === undefined) return undefined;
  say(`cluster: the lab at ${apiServer.url ?? ''}; use --context or KUBECONFIG for another cluster`);
  return kubeconfig;
}
