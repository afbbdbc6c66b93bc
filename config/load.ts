import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { StackSettings } from '../mesh/manifests/settings';
import type { ChartSource } from '../mesh/manifests/release';
import { configNamespace, type Key, keyPath } from './key-path';
import { formatProblems, type Problem, type Source } from './problem';
import * as pulumi from '@pulumi/pulumi';
import { defined } from '../mesh/manifests/kubernetes';
import { allProblems, checkMesh } from './check-mesh';
import { parseStack, type Settings } from './parse';
import { sectionNames } from './schema/stack-file';
import { sectionsOf } from './pulumi-config-values';

/**
 * Charts of the stack that should be on this machine and are not.
 * @param project - folder of the project, which relative paths start from
 */
function missingCharts({ istio, addons }: StackSettings, project: string): Problem[] {
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

export interface LoadedSettings extends Settings {
  /**
   * Sections that contain a secret. Pulumi decrypts their values and does not say which of them are secret, so
   * everything made from such a section must be secret.
   */
  secretSections: ReadonlySet<string>;
  /** The stack's cluster, from the configuration of the Kubernetes provider. */
  cluster: { context?: string; kubeconfig?: string };
}

/**
 * The stack's configuration, checked together with the mesh that it renders. Nothing else reads the configuration.
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
    `invalid configuration for stack ${stack}, nothing was changed: ${number}\n${formatProblems(problems)}\n` +
      `meshwright check --stack ${stack} shows the lines`,
  );
}

/** The SDK exports this without a type. If it disappears one day, every section counts as secret. */
function isSecret(key: string): boolean {
  const { isConfigSecret } = pulumi.runtime as { isConfigSecret?: (key: string) => boolean };
  return isConfigSecret?.(key) ?? true;
}
