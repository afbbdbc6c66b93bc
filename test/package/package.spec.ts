import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import manifest from '../../package.json';
import policyManifest from '../../policy/package.json';
import schema from '../../components/schema.json';
import routeSchema from '../../provider/schema.json';
import * as components from '../../components';
import type { RouteInputs } from '../../mesh/manifests/route-set';
import { componentDocs, componentNames, componentSchema, schemaFile } from '../../tools/generate/components';
import { archives, install, packed } from './installed';

const checkout = resolve(__dirname, '..', '..');
const read = (file: string): string => readFileSync(join(checkout, file), 'utf8');

function filesOf(archive: string): string[] {
  return execFileSync('tar', ['-tzf', archive], { encoding: 'utf8', maxBuffer: 2 ** 26 })
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith('/'))
    .map((line) => line.replace(/^(package|\.)\//, ''))
    .sort();
}

describe('the packages', function () {
  this.timeout(300_000);
  let folder: string;

  before(async () => {
    await packed();
    folder = mkdtempSync(join(tmpdir(), 'meshwright-package-'));
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('have a license, no tests, and no TypeScript besides types', () => {
    for (const archive of Object.values(archives)) {
      const files = filesOf(archive);
      assert.ok(files.includes('LICENSE'), archive);
      assert.deepEqual(
        files.filter((file) => /(^|\/)test\/|\.spec\.|_test\.go$|(?<!\.d)\.ts$/.test(file)),
        [],
      );
    }
  });

  it('hold exactly these files', () => {
    assert.deepEqual(filesOf(archives['meshwright-policy']), [
      'LICENSE',
      'PulumiPolicy.yaml',
      'README.md',
      'direct/PulumiPolicy.yaml',
      'direct/plugin.js',
      'direct/pulumi-analyzer-policy-meshwright',
      'pack.js',
      'package.json',
    ]);
    assert.deepEqual(filesOf(archives['pulumi-resource-meshwright']), [
      'LICENSE',
      'package.json',
      'plugin.js',
      'pulumi-resource-meshwright',
      'schema.json',
    ]);
    assert.deepEqual(filesOf(archives['pulumi-resource-meshwright-routes']), [
      'LICENSE',
      'cluster/api/load-client-node.js',
      'package.json',
      'plugin.js',
      'pulumi-resource-meshwright-routes',
      'schema.json',
    ]);
  });

  it('meshwright: the command works where nothing else is installed, and reads no file outside its folder', function () {
    const installed = install(archives.meshwright, folder);
    const file = join(folder, 'route.yaml');
    const spec = '{ hosts: [a], http: [{ route: [{ destination: { host: a, subset: x }, weight: 90 }] }] }';
    const metadata = '{ name: a, namespace: b }';
    writeFileSync(
      file,
      `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: ${metadata}\nspec: ${spec}\n`,
    );
    const words = [join(installed, 'cli', 'bin.js'), 'check', file];
    const traced = spawnSync('strace', ['-f', '-qq', '-e', 'trace=openat,open,execve', process.execPath, ...words], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    const isTraced = traced.error === undefined;
    if (!isTraced) console.log('      files that are read are not checked: strace is not installed');
    const { status, stdout, stderr } = isTraced
      ? traced
      : spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
    assert.match(stdout, /weight-single/, stderr);
    assert.equal(status, 0);
    assert.deepEqual(
      stderr.split('\n').filter((line) => line.includes(checkout)),
      [],
    );
  });

  it('meshwright: the plugins and the pack start', () => {
    const installed = install(archives.meshwright, mkdtempSync(join(folder, 'starts-')));
    for (const file of [
      'provider/pulumi-resource-meshwright-routes',
      'components/pulumi-resource-meshwright',
      'policy/direct/pulumi-analyzer-policy-meshwright',
    ]) {
      const program = join(installed, file);
      assert.equal(statSync(program).mode & 0o111, 0o111, file);
      // The plugin prints its port, and waits for the engine.
      const { stdout } = spawnSync('sh', ['-c', `"$0" 127.0.0.1:1 & sleep 4; kill $!`, program], { encoding: 'utf8' });
      assert.match(stdout, /^\d+$/m, file);
    }
  });

  it('meshwright: the packed checkout works too, as pre-commit installs it', () => {
    const target = mkdtempSync(join(folder, 'source-'));
    const words = ['pack', '--silent', '--pack-destination', target];
    const name = execFileSync('npm', words, { cwd: checkout, encoding: 'utf8' }).trim();
    const files = filesOf(join(target, name));
    assert.deepEqual(
      files.filter((file) => /^(test|node_modules|dist|\.lab)\//.test(file)),
      [],
    );
    const installed = install(join(target, name), target);
    const [hook] = parse(read('.pre-commit-hooks.yaml')) as { entry: string; language: string }[];
    assert.equal(hook?.language, 'node');
    const [command = '', ...args] = hook.entry.split(' ');
    const bin = join(target, 'node_modules', '.bin', command);
    const file = join(checkout, 'samples', '003-course', 'base.yaml');
    const { status, stderr } = spawnSync(bin, [...args, '--help', file], { cwd: target, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.ok(installed.startsWith(target));
  });
});

describe('the schemas of the plugins', function () {
  this.timeout(300_000);

  it('components: the file is up to date with the classes and their TSDoc', async () => {
    assert.equal(read('components/schema.json'), await componentSchema(), `run npm run generate (${schemaFile})`);
  });

  it('components: docs/components.md is up to date with the schema', async () => {
    assert.equal(read('docs/components.md'), await componentDocs(), 'run npm run generate');
  });

  it('components: names every class, no other package, and describes every argument', () => {
    const classes = Object.entries(components).filter(([, value]) => /^class /.test(String(value)));
    assert.deepEqual(classes.map(([name]) => name).sort(), componentNames);
    // Pulumi's analyzer prints a comment with a link as a list of objects.
    assert.doesNotMatch(JSON.stringify(schema), /"\$ref":"\/|\[object /);
    const owners: [string, object][] = [
      ...Object.entries(schema.resources).map(
        ([name, { inputProperties }]) => [name, inputProperties] as [string, object],
      ),
      ...Object.entries(schema.types).map(([name, { properties }]) => [name, properties] as [string, object]),
    ];
    const bare = owners.flatMap(([name, properties]) =>
      Object.entries(properties)
        .filter(([, property]) => ((property as { description?: string }).description ?? '') === '')
        .map(([property]) => `${name}.${property}`),
    );
    assert.deepEqual(bare, []);
  });

  it('routes: has every input of a Route, with its documentation', () => {
    const inputs: Record<keyof Required<RouteInputs>, true> = {
      namespace: true,
      objects: true,
      weights: true,
      weightsOwnedBy: true,
      kubeconfig: true,
      context: true,
      proof: true,
      limits: true,
    };
    const { inputProperties } = routeSchema.resources['meshwright-routes:index:Route'];
    assert.deepEqual(Object.keys(inputProperties).sort(), Object.keys(inputs).sort());
    assert.deepEqual(
      Object.values(inputProperties).filter(({ description }) => description === ''),
      [],
    );
  });
});

describe('release engineering', () => {
  it('has one version everywhere', () => {
    const { version } = manifest;
    const plugins = JSON.parse(read('provider/package.json')) as { version: string };
    assert.deepEqual(
      [policyManifest.version, plugins.version, schema.version, routeSchema.version],
      Array(4).fill(version),
    );
    assert.match(read('template/package.json'), new RegExp(`"meshwright": "\\^${version}"`));
  });

  it('refuses a tag of another version, and a changelog without the version', () => {
    const tool = join(checkout, 'tools', 'release.sh');
    const refusal = (tag: string): unknown => {
      const env = { ...process.env, GITHUB_REF_NAME: tag };
      const { status, stderr } = spawnSync(tool, [], { encoding: 'utf8', env });
      return [status, stderr];
    };
    const { version } = manifest;
    assert.deepEqual(refusal('v0.0.0'), [2, `the tag v0.0.0 is not v${version}, the version in package.json\n`]);
    if (!read('CHANGELOG.md').includes(`## ${version}`))
      assert.deepEqual(refusal(`v${version}`), [2, `CHANGELOG.md has no section for ${version}\n`]);
  });

  it('justifies each runtime dependency in CONTRIBUTING, and pins it', () => {
    const [, section = ''] = read('CONTRIBUTING.md').split('## Runtime dependencies');
    const [table = ''] = section.split('\n## ');
    const named = [...table.matchAll(/^\| `([^`]+)` +\| (.+) \|$/gm)].map(([, name, reason = '']) => {
      assert.ok(reason.trim().length > 20, name);
      return name;
    });
    assert.deepEqual(named, Object.keys(manifest.dependencies));
    assert.deepEqual(
      Object.values(manifest.dependencies).filter((version) => !/^\d+\.\d+\.\d+$/.test(version)),
      [],
    );
  });

  it('the examples have one for each component, and one for stacks that share a mesh', () => {
    const examples = readdirSync(join(checkout, 'examples')).filter((file) => file.endsWith('.ts'));
    assert.deepEqual(examples.map((file) => file.replace('.ts', '')).sort(), [
      'addons',
      'app',
      'control-plane',
      'gateway',
      'namespace',
      'objects',
      'routes',
      'shared-gateway',
    ]);
  });
});
