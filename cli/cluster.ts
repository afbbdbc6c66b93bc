import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { labStatus, type LabStatus } from '../cluster/lab';
import type { LoadedStack, StackChoice } from './input';
import { say } from './output';

/** The context that a stack file gives to Pulumi's Kubernetes provider; a sample has none. */
export function contextOf({ sample }: StackChoice, { file }: Pick<LoadedStack, 'file'>): string | undefined {
  if (sample !== undefined) return undefined;
  const { config } = parse(readFileSync(file, 'utf8')) as { config?: Record<string, unknown> };
  const context = config?.['kubernetes:context'];
  return typeof context === 'string' ? context : undefined;
}

/** What is known of the lab and of the environment. */
interface Surroundings {
  status?: () => Promise<Pick<LabStatus, 'kubeconfig' | 'apiServer'>>;
  env?: NodeJS.ProcessEnv;
}

/**
 * The kubeconfig of this checkout's lab, where it is up and nothing names another cluster: no flag, no stack file and no KUBECONFIG. Says so on stderr.
 * @param named - what flags and the stack file name
 */
export async function labByDefault(
  named: readonly (string | readonly string[] | undefined)[],
  { status = labStatus, env = process.env }: Surroundings = {},
): Promise<string | undefined> {
  if (named.some((name) => name !== undefined) || (env['KUBECONFIG'] ?? '') !== '') return undefined;
  const { kubeconfig, apiServer } = await status();
  if (!apiServer.reachable || kubeconfig === undefined) return undefined;
  say(`cluster: the lab at ${apiServer.url ?? ''}; --context or KUBECONFIG names another`);
  return kubeconfig;
}
