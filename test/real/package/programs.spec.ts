import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Lab } from '../../../cluster/lab';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { sharedLab, START_TIMEOUT_MS } from '../../cluster/lab/support';
import { install, packed, type archives } from '../../package/installed';
import { version } from '../../../package.json';

const checkout = resolve(__dirname, '..', '..', '..');

interface Ran {
  steps: string[];
  messages: string[];
  outputs: Record<string, { value: unknown }>;
  failure?: string;
}

/** Programs in folders outside the checkout, which is hidden from them. */
describe('programs that use the packages', function () {
  this.timeout(600_000);
  let files: typeof archives;
  let lab: Lab;
  let outside: string;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    files = await packed();
    lab = await sharedLab();
    await installIstioCrds(lab);
    outside = mkdtempSync(join(tmpdir(), 'meshwright-outside-'));
    install(files.meshwright, outside, ['typescript', '@types/node']);
    cpSync(join(__dirname, '..', '..', 'package', 'run-program.js'), join(outside, 'run-program.js'));
    for (const name of readdirSync(join(checkout, 'examples')).filter((file) => file.endsWith('.ts'))) {
      cpSync(join(checkout, 'examples', name), join(outside, name));
    }
    const options = { module: 'nodenext', target: 'es2022', strict: true, types: ['node'] };
    writeFileSync(join(outside, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
    // Types of the packages are checked too, as skipLibCheck is not set for them.
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.', '--skipLibCheck'], { cwd: outside });
  });

  after(() => rmSync(outside, { recursive: true, force: true }));

  /** Runs a command with an empty folder in place of the checkout, where the system allows that. */
  function hidden(words: string[], env: NodeJS.ProcessEnv, cwd = outside): string {
    const canHide = spawnSync('unshare', ['--mount', 'true']).status === 0;
    if (!canHide) console.log('      the checkout is visible to the program: this user may not mount');
    const script = `mount -t tmpfs none '${checkout}' && exec "$@"`;
    const [command = '', ...args] = canHide ? ['unshare', '--mount', 'sh', '-c', script, 'sh', ...words] : words;
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 2 ** 26 });
    assert.equal(status, 0, stderr);
    return stdout;
  }

  /** @param plugins - folders of plugins on PATH, besides that of the Kubernetes provider */
  function environment(plugins: string[], more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const folders = [...plugins, dirname(lab.programs['pulumi-resource-kubernetes']), dirname(process.execPath)];
    return {
      PATH: [...folders, '/usr/bin', '/bin'].join(delimiter),
      HOME: outside,
      KUBECONFIG: lab.kubeconfig,
      PULUMI_PROGRAM: lab.programs.pulumi,
      PULUMI_CONFIG_PASSPHRASE: '',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      ...more,
    };
  }

  /** What `npx` and npm's scripts put on PATH. */
  const bins = (): string => join(outside, 'node_modules', '.bin');

  function run(program: string, operations: string[], env: NodeJS.ProcessEnv): Ran[] {
    const words = [process.execPath, join(outside, 'run-program.js'), program, ...operations];
    return hidden(words, env)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Ran);
  }

  const created = (steps: string[], kind: RegExp): string[] => steps.filter((step) => kind.test(step));

  it('routes: previews, updates and destroys the example, with the provider found on PATH', () => {
    const [preview, up, again, destroy] = run('routes.js', ['preview', 'up', 'up', 'destroy'], environment([bins()]));
    const made = [
      'create kubernetes:core/v1:Namespace shop-namespace',
      'create meshwright-routes:index:Route shop/orders',
      'create meshwright:index:Namespace shop',
      'create meshwright:index:Routes shop',
    ];
    assert.deepEqual([preview?.failure, preview?.steps], [undefined, made]);
    assert.deepEqual([up?.failure, up?.steps], [undefined, made]);
    assert.deepEqual(up?.outputs['weights']?.value, { orders: { v1: 90, v2: 10 } });
    assert.deepEqual(
      again?.steps.filter((step) => !step.startsWith('same')),
      [],
    );
    assert.equal(destroy?.failure, undefined);
  });

  const previews: [string, string[]][] = [
    ['namespace', ['create meshwright:index:Namespace shop']],
    [
      'app',
      ['create kubernetes:apps/v1:Deployment orders-orders-v1', 'create kubernetes:core/v1:Service orders-orders'],
    ],
    ['objects', ['create kubernetes:security.istio.io/v1:AuthorizationPolicy shop-shop/orders-from-web']],
    ['control-plane', ['create kubernetes:helm.sh/v3:Release istio-istiod']],
    ['gateway', ['create kubernetes:helm.sh/v3:Release edge-edge', 'create meshwright:index:Gateway edge']],
  ];
  for (const [name, expected] of previews) {
    it(`${name}: previews the example`, () => {
      const config = JSON.stringify({ charts: lab.charts });
      const [preview] = run(`${name}.js`, ['preview'], environment([bins()], { STACK_CONFIG: config }));
      assert.equal(preview?.failure, undefined);
      assert.deepEqual(
        expected.filter((step) => !preview?.steps.includes(step)),
        [],
        preview?.steps.join('\n'),
      );
    });
  }

  it('addons: compiles the example', () => {
    // Its charts are not in the lab, so it is not previewed here.
    assert.equal(typeof readFileSync(join(outside, 'addons.js'), 'utf8'), 'string');
  });

  it('imports a route that exists, by its id, and keeps its objects', () => {
    const kubectl = (words: string[], input?: string): string =>
      execFileSync(lab.kubectl, words, { env: lab.env, encoding: 'utf8', ...(input === undefined ? {} : { input }) });
    const metadata = { name: 'theirs', namespace: 'default' };
    const spec = { hosts: ['theirs'], http: [{ route: [{ destination: { host: 'theirs' } }] }] };
    const existing = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec };
    const uid = (): string =>
      kubectl(['get', 'virtualservice', 'theirs', '--namespace', 'default', '--output', 'jsonpath={.metadata.uid}']);
    kubectl(['create', '-f', '-'], JSON.stringify(existing));
    const before = uid();
    writeFileSync(
      join(outside, 'import.js'),
      `const { Routes } = require('meshwright');
       const existing = ({ type, props, opts }) =>
         type === 'meshwright-routes:index:Route' ? { props, opts: { ...opts, import: 'default.theirs' } } : undefined;
       const services = { theirs: { http: [{ timeout: '3s' }] } };
       new Routes('default', { namespace: 'default', services }, { transforms: [existing] });`,
    );
    const [up] = run('import.js', ['up'], environment([bins()]));
    assert.equal(up?.failure, undefined);
    // The update adds the timeout.
    const steps = ['import', 'update'].map((op) => `${op} meshwright-routes:index:Route default/theirs`);
    assert.deepEqual(created(up?.steps ?? [], /:Route /), steps);
    assert.equal(before, uid());
    assert.equal(run('import.js', ['destroy'], environment([bins()]))[0]?.failure, undefined);
  });

  it('a new project of `meshwright init` passes its check, and previews', () => {
    const project = join(outside, 'mesh');
    const command = join(bins(), 'meshwright');
    hidden([command, 'init', project, '--name', 'shop', '--context', lab.context], environment([bins()]));
    install(files.meshwright, project);
    const env = environment([]);
    const checked = hidden(
      ['npm', 'run', 'check'],
      { ...env, PATH: `${dirname(process.execPath)}:${env['PATH'] ?? ''}` },
      project,
    );
    assert.equal(checked.match(/No findings/g)?.length, 3);
    const file = join(project, 'Pulumi.dev.yaml');
    const stack = parse(readFileSync(file, 'utf8')) as { config: Record<string, unknown> };
    stack.config['meshwright:istio'] = { charts: { path: lab.charts } };
    writeFileSync(file, stringify(stack));
    cpSync(join(outside, 'run-program.js'), join(project, 'run-program.js'));
    const words = [process.execPath, join(project, 'run-program.js'), 'index.js', 'preview'];
    const preview = JSON.parse(hidden(words, env, project)) as Ran;
    assert.equal(preview.failure, undefined);
    const route = 'create meshwright-routes:index:Route shop/web';
    assert.ok(preview.steps.includes(route), preview.steps.join('\n'));
  });

  it('the policy pack refuses wrong weights in a program without Meshwright', () => {
    const alone = mkdtempSync(join(outside, 'alone-'));
    const pack = install(files['meshwright-policy'], alone);
    writeFileSync(
      join(outside, 'plain.js'),
      `const k8s = require('@pulumi/kubernetes');
       const to = (subset, weight) => ({ destination: { host: 'orders', subset }, weight });
       new k8s.apiextensions.CustomResource('orders', {
         apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'orders', namespace: 'shop' },
         spec: { hosts: ['orders'], http: [{ route: [to('v1', 90), to('v2', 20)] }] },
       });`,
    );
    const env = environment([join(alone, 'node_modules', '.bin')], { POLICY_PACK: join(pack, 'direct') });
    const [preview] = run('plain.js', ['preview'], env);
    assert.match(preview?.messages.join('\n') ?? '', /\[weight-sum-100, IST0106\]/);
    assert.notEqual(preview?.failure, undefined);
  });

  it('a YAML program uses the plugins that `pulumi plugin install` installed', () => {
    const project = mkdtempSync(join(outside, 'yaml-'));
    cpSync(join(checkout, 'examples', 'yaml'), project, { recursive: true });
    const env = environment([yamlHost()], { PULUMI_HOME: join(outside, 'home') });
    for (const name of ['meshwright', 'meshwright-routes'] as const) {
      const words = ['plugin', 'install', 'resource', name, version, '--file', files[`pulumi-resource-${name}`]];
      execFileSync(lab.programs.pulumi, words, { env, cwd: outside, stdio: ['ignore', 'ignore', 'pipe'] });
    }
    const [preview, up, destroy] = run(project, ['preview', 'up', 'destroy'], env);
    const made = [
      'create kubernetes:core/v1:Namespace shop-namespace',
      'create meshwright-routes:index:Route routes/orders',
      'create meshwright:index:Namespace shop',
      'create meshwright:index:Routes routes',
    ];
    assert.deepEqual([preview?.failure, preview?.steps], [undefined, made]);
    assert.deepEqual([up?.failure, up?.steps], [undefined, made]);
    assert.deepEqual(up?.outputs['weights']?.value, { orders: { v1: 90, v2: 10 } });
    assert.equal(destroy?.failure, undefined);
  });

  /** Folder with Pulumi's language host for YAML, built from its Go module. */
  function yamlHost(): string {
    const folder = join(outside, 'yaml-host');
    mkdirSync(folder, { recursive: true });
    const words = ['build', '-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', `${folder}/`];
    execFileSync('go', [...words, 'github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml'], {
      cwd: join(__dirname, 'yaml-host'),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return folder;
  }
});
