import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { version } from '../../../package.json';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { assertExample, checkout, Outside } from './support';

/** The newest SDK for Python that fits the engine. */
const pythonSdk = 'pulumi==3.248.0';

/** Programs that Pulumi's own language hosts run, in folders outside the checkout, which is hidden from them. */
describe('programs in other languages', function () {
  this.timeout(900_000);
  let outside: Outside;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    outside = await Outside.prepare();
  });

  after(() => outside.remove());

  /** The example in YAML or Python: previews, updates and destroys. */
  function runsExample(project: string, env: NodeJS.ProcessEnv): void {
    const [preview, up, destroy] = outside.run(project, ['preview', 'up', 'destroy'], env);
    const made = [
      'create kubernetes:core/v1:Namespace shop-namespace',
      'create meshwright-routes:index:Route routes/orders',
      'create meshwright:index:Namespace shop',
      'create meshwright:index:Routes routes',
    ];
    assertExample({ preview, up, destroy }, made);
  }

  const yamlHost = (): string => outside.built('yaml', 'github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml');

  it('a YAML program uses the plugins that `pulumi plugin install` installed', () => {
    const project = outside.project('yaml');
    cpSync(join(checkout, 'examples', 'yaml'), project, { recursive: true });
    const env = outside.environment([yamlHost()], { PULUMI_HOME: join(outside.folder, 'home') });
    outside.installPlugins(env);
    runsExample(project, env);
  });

  it('`pulumi package add` takes the schema from the plugin', () => {
    const project = outside.project('add');
    writeFileSync(join(project, 'Pulumi.yaml'), 'name: add\nruntime: yaml\n');
    const env = outside.environment([yamlHost()], { PULUMI_HOME: join(outside.folder, 'home') });
    outside.installPlugins(env);
    const { pulumi } = outside.lab.programs;
    const schema = JSON.parse(outside.hidden([pulumi, 'package', 'get-schema', 'meshwright'], env, project)) as object;
    const own = JSON.parse(readFileSync(join(checkout, 'components', 'schema.json'), 'utf8')) as typeof schema;
    assert.deepEqual(namesOf(schema), namesOf(own));
    // The language host is too old to add the package to the project.
    const script = `'${pulumi}' package add meshwright || true`;
    outside.hidden(['sh', '-c', script], env, project);
    const added = join(project, 'sdks', 'meshwright', `meshwright-${version}.yaml`);
    assert.equal((parse(readFileSync(added, 'utf8')) as { name: string }).name, 'meshwright');
  });

  it('a Python program uses the classes that Pulumi generates from the schema', () => {
    const project = outside.project('python');
    cpSync(join(checkout, 'examples', 'python'), project, { recursive: true });
    const hosts = [outside.languageHosts(), outside.built('yaml', './python-sdk')] as const;
    const sdk = join(project, 'sdk');
    execFileSync(join(hosts[1], 'python-sdk'), [join(checkout, 'components', 'schema.json'), sdk]);
    const venv = join(project, 'venv');
    execFileSync('python3', ['-m', 'venv', venv]);
    execFileSync(join(venv, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', pythonSdk, sdk], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const env = outside.environment([join(venv, 'bin'), hosts[0]], { PULUMI_HOME: join(outside.folder, 'home') });
    outside.installPlugins(env);
    runsExample(project, env);
  });

  it('a project that `pulumi new` wrote previews, with the pack', () => {
    const template = outside.project('template');
    const project = outside.project('new');
    cpSync(join(checkout, 'template'), template, { recursive: true });
    const home = { PULUMI_HOME: join(outside.folder, 'new-home'), PULUMI_BACKEND_URL: `file://${template}` };
    const env = outside.environment([outside.languageHosts()], home);
    const pulumi = (...words: string[]): string =>
      outside.hidden([outside.lab.programs.pulumi, ...words], env, project);
    pulumi('new', template, '--generate-only', '--yes', '--name', 'edge', '--description', 'An edge');
    assert.deepEqual(readdirSync(project).sort(), readdirSync(template).sort());
    const { name, description } = parse(readFileSync(join(project, 'Pulumi.yaml'), 'utf8')) as Record<string, string>;
    assert.deepEqual([name, description], ['edge', 'An edge']);

    const preview = outside.previewNewProject(project);
    assert.equal(preview.failure, undefined);
    assert.ok(preview.steps.includes('create meshwright-routes:index:Route shop/web'), preview.steps.join('\n'));
  });
});

/** The resources of a schema, each with its arguments. */
function namesOf(schema: object): unknown {
  const { resources } = schema as { resources: Record<string, { inputProperties?: object }> };
  return Object.entries(resources)
    .map(([token, { inputProperties = {} }]) => [token, Object.keys(inputProperties).sort()])
    .sort();
}
