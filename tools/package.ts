import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import root from '../package.json';

/**
 * Packs what users install, into dist/: `npm run package`. The npm packages have the same folders as the checkout, with
 * each entry that bundles TypeScript on loading replaced by its bundle.
 */
const checkout = join(__dirname, '..');
const dist = join(checkout, 'dist');

/** Packages that an npm package leaves outside its bundles: Pulumi's SDK and gRPC must be loaded once, the others are large and rarely needed. */
const outside = ['@pulumi/*', '@grpc/*', 'google-protobuf', '@kubernetes/client-node', '@viz-js/viz'];
/** Of those, what is in a bundle of its own. */
const bundledOnce = '@kubernetes/client-node';
/** What the types of the components refer to. */
const typePackages = ['@kubernetes-models/istio'];

interface Bundle {
  /** TypeScript file, relative to the checkout. */
  from: string;
  /** JavaScript file, relative to the package. */
  to: string;
  external?: string[];
}

const policy: Bundle = { from: 'policy/index.ts', to: 'policy/pack.js', external: ['@pulumi/*'] };
const direct: Bundle = { from: 'policy/direct/index.ts', to: 'policy/direct/plugin.js', external: [] };
const routes: Bundle = { from: 'provider/index.ts', to: 'provider/plugin.js', external: ['@kubernetes/client-node'] };
const clientNode: Bundle = { from: 'cluster/api/client-node.ts', to: 'cluster/api/load-client-node.js', external: [] };
const components: Bundle = { from: 'components/plugin.ts', to: 'components/plugin.js', external: [] };

function main(): void {
  rmSync(dist, { recursive: true, force: true });
  packMeshwright(join(dist, 'meshwright'));
  packPolicy(join(dist, 'meshwright-policy'));
  packPlugin('meshwright', [components], 'components');
  packPlugin('meshwright-routes', [routes, clientNode], 'provider');
}

function packMeshwright(folder: string): void {
  const library: Bundle = { from: 'components/index.ts', to: 'components/index.js' };
  const program: Bundle = { from: 'index.ts', to: 'program.js' };
  const command: Bundle = { from: 'cli/main.ts', to: 'cli/main.js' };
  bundle(folder, [library, program, command, policy, direct, routes, clientNode, components]);
  declarations(folder);
  write(join(folder, 'cli/bin.js'), "#!/usr/bin/env node\nrequire('./main.js').run(process.argv.slice(2));\n", 0o755);
  copy(folder, [
    ...['README.md', 'CHANGELOG.md', 'LICENSE', 'SECURITY.md', 'Pulumi.yaml', 'program.d.ts', 'samples', 'template'],
    ...['config/settings.schema.json', 'policy/README.md', 'policy/PulumiPolicy.yaml'],
    ...['policy/direct/PulumiPolicy.yaml', 'policy/direct/pulumi-analyzer-policy-meshwright'],
    ...[
      'provider/PulumiPlugin.yaml',
      'provider/pulumi-resource-meshwright-routes',
      'provider/package.json',
      'provider/schema.json',
    ],
    ...['components/PulumiPlugin.yaml', 'components/pulumi-resource-meshwright', 'components/schema.json'],
    ...['go.mod', 'go.sum', 'tools.go', 'cmd', 'kubernetes-provider', 'envoy-requirements.txt'].map(inLab),
    inLab('processes/kwok-stages.yaml'),
  ]);
  // npm never packs files of this name.
  renameSync(join(folder, 'template/.gitignore'), join(folder, 'template/gitignore'));
  const { name, version, description, license, engines, dependencies } = root;
  const needed = [...outside, ...typePackages].filter((one) => one !== bundledOnce);
  const versions = Object.entries({ ...dependencies, ...root.devDependencies }).filter(([one]) =>
    needed.some((pattern) => matches(one, pattern)),
  );
  pack(folder, {
    ...{ name, version, description, license, engines },
    main: 'components/index.js',
    types: 'components/index.d.ts',
    exports: {
      '.': { types: './components/index.d.ts', default: './components/index.js' },
      './program': { types: './program.d.ts', default: './program.js' },
      './package.json': './package.json',
      './settings.schema.json': './config/settings.schema.json',
    },
    bin: {
      ...root.bin,
      'pulumi-analyzer-policy-meshwright': 'policy/direct/pulumi-analyzer-policy-meshwright',
      'pulumi-resource-meshwright-routes': 'provider/pulumi-resource-meshwright-routes',
    },
    // A program and this package must share Pulumi's SDK, so they may have any newer version.
    dependencies: Object.fromEntries(
      versions.map(([one, exact]) => [one, one.startsWith('@pulumi/') ? `^${exact}` : exact]),
    ),
  });
}

/** The pack alone: for Pulumi's language host, and in direct/ without it. */
function packPolicy(folder: string): void {
  bundle(folder, [
    { ...policy, to: 'pack.js' },
    { ...direct, to: 'direct/plugin.js' },
  ]);
  copy(folder, ['LICENSE']);
  copy(folder, ['README.md', 'PulumiPolicy.yaml', 'direct/pulumi-analyzer-policy-meshwright'], 'policy');
  // Programs of others must not weaken the pack by a section of their own.
  const project = readFileSync(join(checkout, 'policy/direct/PulumiPolicy.yaml'), 'utf8');
  write(join(folder, 'direct/PulumiPolicy.yaml'), project.replace('stackSection: true', 'stackSection: false'));
  const manifest = read('policy/package.json');
  pack(folder, {
    ...manifest,
    version: root.version,
    bin: { 'pulumi-analyzer-policy-meshwright': 'direct/pulumi-analyzer-policy-meshwright' },
  });
}

/** A Pulumi plugin as an archive for `pulumi plugin install`: a program for Node without dependencies. */
function packPlugin(name: string, bundles: Bundle[], from: string): void {
  const folder = join(dist, `pulumi-resource-${name}`);
  bundle(
    folder,
    bundles.map((one) => ({ ...one, to: one.to.replace(`${from}/`, '') })),
  );
  copy(folder, ['LICENSE']);
  copy(folder, ['schema.json', `pulumi-resource-${name}`], from);
  write(join(folder, 'package.json'), json({ name, version: root.version, license: root.license, main: 'plugin.js' }));
  archive(folder, name, ['linux', 'darwin']);
  // Pulumi starts scripts everywhere but on Windows; there its language host for Node runs the plugin.
  copy(folder, ['PulumiPlugin.yaml'], from);
  archive(folder, name, ['windows']);
}

/** The archives, under the names by which Pulumi looks for them on a server. */
function archive(folder: string, name: string, systems: string[]): void {
  const targets = systems.flatMap((system) => ['amd64', 'arm64'].map((processor) => `${system}-${processor}`));
  const files = targets.map((target) => join(dist, `pulumi-resource-${name}-v${root.version}-${target}.tar.gz`));
  const [first = '', ...copies] = files;
  execFileSync('tar', ['-czf', first, '-C', folder, '.']);
  for (const file of copies) cpSync(first, file);
  for (const file of files) process.stdout.write(`${basename(file)}\n`);
}

function inLab(file: string): string {
  return join('cluster', 'lab', file);
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('/*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function bundle(folder: string, bundles: Bundle[]): void {
  for (const { from, to, external = outside } of bundles) {
    buildSync({
      absWorkingDir: checkout,
      entryPoints: [from],
      outfile: join(folder, to),
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      external,
      supported: { 'dynamic-import': false },
      // Only serialized functions need them. No plugin has any.
      ...(external.length === 0 ? { alias: { typescript: 'node:module', '@npmcli/arborist': 'node:module' } } : {}),
      minifySyntax: true,
      legalComments: 'eof',
      logLevel: 'error',
    });
  }
}

/** Types of the components, with their TSDoc. */
function declarations(folder: string): void {
  const tsc = join(checkout, 'node_modules', 'typescript', 'bin', 'tsc');
  const project = join(checkout, 'components', 'tsconfig.types.json');
  execFileSync(process.execPath, [tsc, '-p', project, '--outDir', folder], { stdio: ['ignore', 2, 2] });
}

function copy(folder: string, files: string[], from = ''): void {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    const isCode = (path: string): boolean => !/_test\.go$/.test(path);
    cpSync(join(checkout, from, file), join(folder, file), { recursive: true, filter: isCode });
  }
}

function read(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(checkout, file), 'utf8')) as Record<string, unknown>;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function write(file: string, content: string, mode = 0o644): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  chmodSync(file, mode);
}

function pack(folder: string, manifest: object): void {
  // npm accepts a provenance statement only for the repository that the package names.
  const { GITHUB_REPOSITORY: name } = process.env;
  const repository = { type: 'git', url: `git+https://github.com/${name ?? ''}.git` };
  write(join(folder, 'package.json'), json({ ...manifest, ...(name === undefined ? {} : { repository }) }));
  const options = ['pack', '--silent', '--pack-destination', dist, folder];
  process.stdout.write(execFileSync('npm', options, { cwd: dist, encoding: 'utf8' }));
}

main();
