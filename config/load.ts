import * as pulumi from '@pulumi/pulumi';
import { defined } from '../mesh/manifests/kubernetes';
import { allProblems, checkMesh } from './check-mesh';
import { missingCharts } from './chart-files';
import { configNamespace } from './key-path';
import { parseStack, type Settings } from './parse';
import type { Problem } from './problem';
import { formatProblems } from './problems';
import { sectionNames } from './schema/stack-file';
import { sectionsOf } from './sections';
import type { Source } from './source';

export interface LoadedSettings extends Settings {
  /**
   * Sections that hold a secret somewhere. Pulumi hands a program their values in clear and does not say which are the secret ones, so what is made of such a section must be
   * made secret as a whole.
   */
  secretSections: ReadonlySet<string>;
  /** The cluster that the stack is for, as the Kubernetes provider's configuration names it. */
  cluster: { context?: string; kubeconfig?: string };
}

/**
 * The stack's configuration, judged together with the mesh it makes. The only place that reads it.
 * @throws pulumi.RunError with every problem, before anything is registered. Values of sections that hold secrets are not in it.
 */
export function loadSettings(): LoadedSettings {
  const { values: sections } = sectionsOf(pulumi.runtime.allConfig());
  const secretSections = new Set(sectionNames.filter((name) => isSecret(`${configNamespace}:${name}`)));
  const source: Source = { secretSections };
  const parsed = parseStack(sections, source);
  if ('problems' in parsed) throw refused(allProblems(parsed, source));
  const { problems, warnings } = checkMesh(parsed.settings, parsed.policy, source);
  const missing = missingCharts(parsed.settings, process.cwd());
  if (problems.length + missing.length > 0) throw refused([...missing, ...problems]);
  if (warnings.length > 0) void pulumi.log.warn(formatProblems(warnings));
  return { ...parsed, secretSections, cluster: clusterOf(pulumi.runtime.allConfig()) };
}

function clusterOf(config: Record<string, string>): LoadedSettings['cluster'] {
  return defined({ context: config['kubernetes:context'], kubeconfig: config['kubernetes:kubeconfig'] });
}

function refused(problems: Problem[]): pulumi.RunError {
  const stack = pulumi.getStack();
  const number = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return new pulumi.RunError(
    `the configuration of stack ${stack} is refused, nothing was changed: ${number}\n${formatProblems(problems)}\n` +
      `meshwright check --stack ${stack} shows them with their lines`,
  );
}

/** The SDK has this answer, but not in its types; should it be gone one day, everything counts as secret. */
function isSecret(key: string): boolean {
  const { isConfigSecret } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  return isConfigSecret?.(key) ?? true;
}
