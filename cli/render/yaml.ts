import { spawnSync } from 'node:child_process';
import { stringify } from 'yaml';
import { apiGroup, type KubernetesObject, objectTitle } from '../../mesh/manifests/kubernetes';
import type { Release } from '../../mesh/manifests/release';
import { printable } from '../../mesh/strings';
import { userError } from '../errors';
import { say } from '../output';

/** One object as a YAML document. Strings that look like numbers in YAML 1.1 or 1.2 keep their quotes. */
export function objectYaml(object: KubernetesObject): string {
  return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
}

/** A Helm release as comments, for when its chart is not rendered. */
export function releaseComment(release: Release): string {
  const { name, namespace, chart, repository, version, values } = release;
  const lines = [
    `Helm release ${namespace}/${name}`,
    `  chart:   ${chart}${repository === undefined ? '' : ` from ${repository}`}`,
    ...(version === undefined ? [] : [`  version: ${version}`]),
    ...(Object.keys(values).length === 0
      ? ['  values:  {}']
      : [
          '  values:',
          ...stringify(values, { lineWidth: 0 })
            .trimEnd()
            .split('\n')
            .map((line) => `    ${line}`),
        ]),
  ];
  return comment(lines);
}

/** Lines as comments of YAML. A line break in a value must not end its comment. */
function comment(lines: readonly string[]): string {
  return lines.map((line) => `# ${printable(line, '')}`.trimEnd()).join('\n') + '\n';
}

/** Joins documents into one stream. */
export function stream(releases: Release[], rendered: string[], objects: KubernetesObject[]): string {
  const comments = releases.map(releaseComment);
  const documents = [...rendered, ...objects.map(objectYaml)];
  const head = comments.length === 0 ? '' : comments.join('#\n');
  return head + documents.map((document) => `---\n${document.replace(/^---\n/, '')}`).join('');
}

/** File of an object in an output folder: namespace, kind with its group (two groups may share a kind), name. */
export function objectFile(object: KubernetesObject): string {
  const { kind, apiVersion, metadata } = object;
  const group = apiGroup(apiVersion);
  const kindFolder = group === '' ? kind : `${kind}.${group}`;
  return `${fileName(metadata.namespace ?? '_cluster')}/${fileName(kindFolder.toLowerCase())}/${fileName(metadata.name)}.yaml`;
}

/** File of a Helm release in an output folder. */
export function releaseFile({ namespace, name }: Release): string {
  return `${fileName(namespace)}/release/${fileName(name)}.yaml`;
}

/** A file name for a name, without characters that are special in paths. Different names give different files. */
function fileName(name: string): string {
  const encoded = name.replaceAll(/[^\w.-]/gu, (character) =>
    encodeURIComponent(character).replaceAll(/[!'()*]/g, '_'),
  );
  return encoded.replace(/^\./, '%2E');
}

/** Comment above an object: its title and the key in the stack file that makes it. */
export function originComment(object: KubernetesObject, origin: string): string {
  return comment([`${objectTitle(object)}, from ${origin}`]);
}

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
