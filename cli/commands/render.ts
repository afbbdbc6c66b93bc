import type { Command } from 'commander';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { loadMesh, stackOptions, type StackChoice } from '../input';
import { say } from '../output';
import { writeFolder } from '../render/folder';
import { helmTemplates } from '../render/helm';
import { objectFile, objectYaml, originComment, releaseComment, stream } from '../render/yaml';

interface RenderOptions extends StackChoice {
  output?: string;
  charts: boolean;
}

/** `meshwright render`: a stack file as plain YAML. */
export function registerRender(program: Command): void {
  stackOptions(program.command('render'))
    .description('all objects of a stack file as YAML; refused as a whole when anything in it is wrong')
    .option('-o, --output <folder>', 'one file per object, in place of one stream on stdout')
    .option('--charts', 'render the Helm releases too (needs helm and the charts); otherwise they are comments', false)
    .action((options: RenderOptions) => render(options));
}

function render(options: RenderOptions): void {
  const { mesh } = loadMesh(options);
  const rendered = [...mesh.existingNamespaces, ...mesh.objects];
  const objects: KubernetesObject[] = rendered.map(({ object }) => object);
  const templates = options.charts ? helmTemplates(mesh.releases) : [];
  const named = options.charts ? [] : mesh.releases;
  if (options.output === undefined) {
    process.stdout.write(stream(named, templates, objects));
    return;
  }
  const files = new Map(
    rendered.map(({ object, origin }) => [objectFile(object), originComment(object, origin) + objectYaml(object)]),
  );
  for (const release of named) files.set(`${release.namespace}/release/${release.name}.yaml`, releaseComment(release));
  templates.forEach((text, index) =>
    files.set(`${mesh.releases[index]?.namespace ?? ''}/release/${mesh.releases[index]?.name ?? ''}.yaml`, text),
  );
  writeFolder(options.output, files);
  say(`${files.size} files in ${options.output}`);
}
