import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { version } from '../../package.json';

const checkout = resolve(__dirname, '..', '..');
const bin = join(checkout, 'cli', 'bin.js');

describe('meshwright init', function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'meshwright-init-'))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const meshwright = (...words: string[]) =>
    spawnSync(process.execPath, [bin, ...words], { cwd: folder, encoding: 'utf8', input: '' });
  const yaml = (file: string): unknown => parse(readFileSync(join(folder, file), 'utf8'));

  it('writes a project with the choices of the flags, whose stack files have no findings', () => {
    const words = ['--name', 'edge', '--context', 'kind-a', '--staging-context', 'gke', '--production-context', 'eks'];
    const made = meshwright(
      'init',
      'mesh',
      ...words,
      '--gateway',
      'NodePort',
      '--route',
      'pay/api',
      '--versions',
      'a,b,c',
    );
    assert.equal(made.status, 0, made.stderr);
    const archive = join(checkout, 'dist', `meshwright-${version}.tgz`);
    assert.equal(
      made.stderr.replaceAll(realpathSync(folder), ''),
      `\nNext: npm --prefix ${checkout} run package && cd /mesh && npm install ${archive} && npm run check\n`,
    );
    assert.deepEqual(readdirSync(join(folder, 'mesh')).sort(), [
      '.github',
      '.gitignore',
      'Pulumi.dev.yaml',
      'Pulumi.production.yaml',
      'Pulumi.staging.yaml',
      'Pulumi.yaml',
      'README.md',
      'index.js',
      'package.json',
      'plugins',
    ]);
    const { name, template, plugins } = yaml('mesh/Pulumi.yaml') as Record<string, unknown>;
    const provider = './plugins';
    assert.deepEqual([name, template], ['edge', undefined]);
    assert.deepEqual((plugins as Record<string, unknown>)['providers'], [
      { name: 'meshwright-routes', path: provider },
    ]);
    assert.deepEqual((yaml('mesh/Pulumi.dev.yaml') as { config: unknown }).config, {
      'kubernetes:context': 'kind-a',
      'meshwright:istio': {},
      'meshwright:gateways': {
        'istio-ingressgateway': {
          namespace: 'istio-ingress',
          service: { type: 'NodePort' },
          gateways: { pay: { 'pay-gateway': {} } },
        },
      },
      'meshwright:namespaces': { pay: { injection: true } },
      'meshwright:routes': {
        pay: {
          api: {
            gateways: ['pay-gateway'],
            hosts: ['*'],
            versions: ['a', 'b', 'c'],
            weights: { a: 'rest', b: 50, c: 0 },
          },
        },
      },
      'meshwright:policy': { environment: 'dev' },
    });
    const contexts = ['dev', 'staging', 'production'].map(
      (stack) =>
        (yaml(`mesh/Pulumi.${stack}.yaml`) as { config: Record<string, unknown> }).config['kubernetes:context'],
    );
    assert.deepEqual(contexts, ['kind-a', 'gke', 'eks']);
    for (const stack of ['dev', 'staging', 'production']) {
      const checked = meshwright('check', '--config', `mesh/Pulumi.${stack}.yaml`);
      assert.equal(checked.status, 0, checked.stdout + checked.stderr);
      assert.match(checked.stdout, /^No findings/);
    }
  });

  it('takes the defaults for what is not given, and for one version no split', () => {
    const made = meshwright('init', 'mesh', '--versions', 'v1');
    assert.equal(made.status, 0, made.stderr);
    const { config } = yaml('mesh/Pulumi.dev.yaml') as { config: Record<string, Record<string, unknown>> };
    const { versions, weights } =
      (config['meshwright:routes']?.['shop'] as Record<string, Record<string, unknown>>)['web'] ?? {};
    assert.deepEqual([config['kubernetes:context'], versions, weights], ['dev', ['v1'], { v1: 100 }]);
    assert.equal((yaml('mesh/Pulumi.yaml') as { name: string }).name, 'mesh');
  });

  it('refuses a folder that is not empty, and changes nothing', () => {
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    const { status, stderr } = meshwright('init', '.');
    assert.equal(status, 2);
    assert.match(stderr, /\. is not empty; name a new or an empty folder\. Nothing was written\./);
    assert.deepEqual(readdirSync(folder), ['mine.txt']);
  });

  it('names every invalid choice, and writes nothing', () => {
    const { status, stderr } = meshwright('init', 'mesh', '--name', 'a b', '--route', 'web', '--versions', 'v1,v1');
    assert.equal(status, 2);
    assert.equal(
      stderr,
      [
        '--name a b: a project has 1 to 100 letters, digits, "_", "." and "-"',
        '--route web: namespace/service, e.g. shop/web',
        '--versions v1,v1: different names, separated by commas, e.g. v1,v2',
        'Nothing was written.',
        '',
      ].join('\n'),
    );
    assert.equal(existsSync(join(folder, 'mesh')), false);
    assert.equal(meshwright('init', 'mesh', '--gateway', 'Ingress').status, 2);
  });
});
