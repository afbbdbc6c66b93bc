import { spawnSync } from 'node:child_process';
import type { Release } from '../../mesh/manifests/release';
import { userError } from '../errors';
import { say } from '../output';

/**
 * The manifests of releases, rendered by helm.
 * @throws UserError when helm is not on PATH, or for every chart that cannot be downloaded.
 */
export function helmTemplates(releases: Release[]): string[] {
  const problems: string[] = [];
  const rendered = releases.map((release) => {
    say(`rendering ${release.namespace}/${release.name} …`);
    const { status, stdout, stderr, error } = spawnSync('helm', helmArguments(release), {
      input: JSON.stringify(release.values),
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    });
    if (error !== undefined) problems.push(`helm could not be run: ${error.message}`);
    else if (status !== 0) problems.push(`release ${release.name}: ${stderr.trim()}`);
    return stdout;
  });
  if (problems.length > 0) throw userError('The charts could not be rendered:', [...new Set(problems)]);
  return rendered;
}

function helmArguments({ name, namespace, chart, repository, version }: Release): string[] {
  return [
    'template',
    name,
    chart,
    ...['--namespace', namespace, '--include-crds', '--values', '-'],
    ...(repository === undefined ? [] : ['--repo', repository]),
    ...(version === undefined ? [] : ['--version', version]),
  ];
}
