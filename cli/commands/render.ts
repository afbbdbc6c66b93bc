import type { Command } from 'commander';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { meshNamespaces } from '../../mesh/manifests/mesh';
import { RefusedError } from '../errors';
import { loadMesh, stackOptions, type LoadedMesh, type StackChoice } from '../input';
import { say } from '../output';
import { admissionPolicy } from '../render/admission';
import { writeFolder } from '../render/folder';
import {
  helmTemplates,
  objectFile,
  objectYaml,
  originComment,
  releaseComment,
  releaseFile,
  stream,
} from '../render/yaml';

interface RenderOptions extends StackChoice {
  output?: string;
  charts: boolean;
  admission: boolean;
}

/** `meshwright render`: a stack file as plain YAML. */
export function registerRender(program: Command): void {
  stackOptions(program.command('render'))
    .description('print all objects of a stack file as YAML; any mistake in the file refuses all of it')
    .option('-o, --output <folder>', 'write one file per object, instead of one stream on stdout')
    .option('--charts', 'render the Helm releases too (needs helm and the charts); otherwise they are comments', false)
    .option(
      '--admission',
      'print a ValidatingAdmissionPolicy instead: only the namespaces that route a host in this stack may route it',
      false,
    )
    .action((options: RenderOptions) => render(options));
}

function render(options: RenderOptions): void {
  const loaded = loadMesh(options);
  if (options.admission) {
    const policy = admissionOf(loaded);
    print(options, new Map(policy.map((object) => [objectFile(object), objectYaml(object)])), () =>
      stream([], [], policy),
    );
    return;
  }
  const { mesh, encrypted } = loaded;
  const rendered = [...mesh.existingNamespaces, ...mesh.objects];
  const templates = options.charts ? helmTemplates(mesh.releases) : [];
  const named = options.charts ? [] : mesh.releases;
  for (const { title, keys } of encrypted) say(`left out: ${title}, since ${keys.join(', ')} is encrypted`);
  const files: [file: string, text: string][] = [
    ...rendered.map(({ object, origin }): [string, string] => [
      objectFile(object),
      originComment(object, origin) + objectYaml(object),
    ]),
    ...mesh.releases.map((release, index): [string, string] => [
      releaseFile(release),
      templates[index] ?? releaseComment(release),
    ]),
  ];
  refuseSharedFiles(files.map(([file]) => file));
  print(options, new Map(files), () =>
    stream(
      named,
      templates,
      rendered.map(({ object }) => object),
    ),
  );
}

function print({ output }: RenderOptions, files: ReadonlyMap<string, string>, text: () => string): void {
  if (output === undefined) {
    process.stdout.write(text());
    return;
  }
  writeFolder(output, files);
  say(`${files.size} files in ${output}`);
}

/** @throws RefusedError when two objects would have the same file, also if the file system ignores case */
function refuseSharedFiles(files: readonly string[]): void {
  const seen = new Set<string>();
  for (const file of files) {
    if (seen.has(file.toLowerCase()))
      throw new RefusedError(`Two objects would be written to ${file}: rename one of them.`);
    seen.add(file.toLowerCase());
  }
}

function admissionOf({ name, settings, policy, mesh }: LoadedMesh): KubernetesObject[] {
  const namespaces = Object.keys(meshNamespaces(settings));
  return admissionPolicy(name, { ...mesh, namespaces }, policy.mesh?.domain);
}
