import { stringify } from 'yaml';
import { apiGroup, objectTitle, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { Release } from '../../mesh/manifests/release';

/** One object as a YAML document. Strings that look like numbers keep their quotes. */
export function objectYaml(object: KubernetesObject): string {
  return stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** A release as comments: what the chart would be asked for, when the chart itself is not rendered. */
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
  return lines.map((line) => `# ${line}`.trimEnd()).join('\n') + '\n';
}

/** All of them as one stream of documents. */
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
  return `${safe(metadata.namespace ?? '_cluster')}/${safe(kindFolder.toLowerCase())}/${safe(metadata.name)}.yaml`;
}

/** A verbatim object may be named anything; a file name must not lead out of the folder. */
function safe(name: string): string {
  return name.replace(/[^\w.-]/g, '_').replace(/^\.+/, '_');
}

/** Comment above an object: its title and the key in the stack file that makes it. */
export function originComment(object: KubernetesObject, origin: string): string {
  return `# ${objectTitle(object)}, from ${origin}\n`;
}
