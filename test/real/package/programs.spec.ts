import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { install } from '../../package/installed';
import { assertExample, checkout, Outside } from './support';

/** Programs in folders outside the checkout, which is hidden from them. */
describe('programs that use the packages', function () {
  this.timeout(600_000);
  let outside: Outside;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    outside = await Outside.prepare();
    const { folder } = outside;
    for (const name of readdirSync(join(checkout, 'examples')).filter((file) => file.endsWith('.ts'))) {
      cpSync(join(checkout, 'examples', name), join(folder, name));
    }
    const options = { module: 'nodenext', target: 'es2022', strict: true, types: ['node'] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
    // Types of the packages are checked too, as skipLibCheck is not set for them.
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.', '--skipLibCheck'], { cwd: folder });
  });

  after(() => outside.remove());

  const created = (steps: string[], kind: RegExp): string[] => steps.filter((step) => kind.test(step));

  it('routes: previews, updates and destroys the example, with the provider found on PATH', () => {
    const [preview, up, again, destroy] = outside.run(
      'routes.js',
      ['preview', 'up', 'up', 'destroy'],
      outside.environment([outside.bins]),
    );
    const made = [
      'create kubernetes:core/v1:Namespace shop-namespace',
      'create meshwright-routes:index:Route shop/orders',
      'create meshwright:index:Namespace shop',
      'create meshwright:index:Routes shop',
    ];
    assertExample({ preview, up, destroy }, made);
    assert.deepEqual(
      again?.steps.filter((step) => !step.startsWith('same')),
      [],
    );
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
      const config = JSON.stringify({ charts: outside.lab.charts });
      const [preview] = outside.run(
        `${name}.js`,
        ['preview'],
        outside.environment([outside.bins], { STACK_CONFIG: config }),
      );
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
    assert.equal(typeof readFileSync(join(outside.folder, 'addons.js'), 'utf8'), 'string');
  });

  it('imports a route that exists, by its id, and keeps its objects', () => {
    const kubectl = (words: string[], input?: string): string =>
      execFileSync(outside.lab.kubectl, words, {
        env: outside.lab.env,
        encoding: 'utf8',
        ...(input === undefined ? {} : { input }),
      });
    const metadata = { name: 'theirs', namespace: 'default' };
    const spec = { hosts: ['theirs'], http: [{ route: [{ destination: { host: 'theirs' } }] }] };
    const existing = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec };
    const uid = (): string =>
      kubectl(['get', 'virtualservice', 'theirs', '--namespace', 'default', '--output', 'jsonpath={.metadata.uid}']);
    kubectl(['create', '-f', '-'], JSON.stringify(existing));
    const before = uid();
    writeFileSync(
      join(outside.folder, 'import.js'),
      `const { Routes } = require('meshwright');
       const existing = ({ type, props, opts }) =>
         type === 'meshwright-routes:index:Route' ? { props, opts: { ...opts, import: 'default.theirs' } } : undefined;
       const services = { theirs: { http: [{ timeout: '3s' }] } };
       new Routes('default', { namespace: 'default', services }, { transforms: [existing] });`,
    );
    const [up] = outside.run('import.js', ['up'], outside.environment([outside.bins]));
    assert.equal(up?.failure, undefined);
    // The update adds the timeout.
    const steps = ['import', 'update'].map((op) => `${op} meshwright-routes:index:Route default/theirs`);
    assert.deepEqual(created(up?.steps ?? [], /:Route /), steps);
    assert.equal(before, uid());
    assert.equal(outside.run('import.js', ['destroy'], outside.environment([outside.bins]))[0]?.failure, undefined);
  });

  it('a stack of routes reads the name of its gateway from another stack', () => {
    const platform = outside.project('platform');
    const stack = 'urn:pulumi:prod::platform::pulumi:pulumi:Stack::platform-prod';
    const outputs = { gateway: 'istio-ingress/public' };
    const resources = [{ urn: stack, custom: false, type: 'pulumi:pulumi:Stack', outputs }];
    writeFileSync(join(platform, 'Pulumi.yaml'), 'name: platform\nruntime: yaml\n');
    writeFileSync(join(platform, 'state.json'), JSON.stringify({ version: 3, deployment: { manifest, resources } }));
    const config = JSON.stringify({ platform: 'organization/platform/prod' });
    const env = outside.environment([outside.bins], {
      STACK_CONFIG: config,
      PULUMI_BACKEND_URL: `file://${join(outside.folder, 'state')}`,
      PULUMI_HOME: join(outside.folder, 'home'),
    });
    mkdirSync(join(outside.folder, 'state'), { recursive: true });
    const { pulumi } = outside.lab.programs;
    outside.hidden([pulumi, 'stack', 'init', 'prod'], env, platform);
    outside.hidden([pulumi, 'stack', 'import', '--file', 'state.json', '--stack', 'prod'], env, platform);

    const kubectl = (...words: string[]): string =>
      execFileSync(outside.lab.kubectl, words, { env: outside.lab.env, encoding: 'utf8' });
    kubectl('create', 'namespace', 'shop');
    const [up] = outside.run('shared-gateway.js', ['up'], env);
    assert.deepEqual([up?.failure, up?.outputs['weights']?.value], [undefined, { cart: { v1: 90, v2: 10 } }]);
    const read = 'jsonpath={.spec.gateways}';
    const gateways = kubectl('get', 'virtualservice', 'cart', '--namespace', 'shop', '--output', read);
    assert.equal(gateways, '["istio-ingress/public"]');
    assert.equal(outside.run('shared-gateway.js', ['destroy'], env)[0]?.failure, undefined);
    kubectl('delete', 'namespace', 'shop');
  });

  it('a new project of `meshwright init` passes its check, and previews', () => {
    const project = join(outside.folder, 'mesh');
    const command = join(outside.bins, 'meshwright');
    outside.hidden(
      [command, 'init', project, '--name', 'shop', '--context', outside.lab.context],
      outside.environment([outside.bins]),
    );
    const preview = outside.previewNewProject(project);
    assert.equal(preview.failure, undefined);
    assert.ok(preview.steps.includes('create meshwright-routes:index:Route shop/web'), preview.steps.join('\n'));
    const checked = outside.hidden(['npm', 'run', 'check'], outside.environment([]), project);
    assert.equal(checked.match(/No findings/g)?.length, 3);
  });

  it('the policy pack refuses wrong weights in a program without Meshwright', () => {
    const alone = outside.project('alone');
    const pack = install(outside.files['meshwright-policy'], alone);
    writeFileSync(
      join(outside.folder, 'plain.js'),
      `const k8s = require('@pulumi/kubernetes');
       const to = (subset, weight) => ({ destination: { host: 'orders', subset }, weight });
       new k8s.apiextensions.CustomResource('orders', {
         apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'orders', namespace: 'shop' },
         spec: { hosts: ['orders'], http: [{ route: [to('v1', 90), to('v2', 20)] }] },
       });`,
    );
    const env = outside.environment([join(alone, 'node_modules', '.bin')], { POLICY_PACK: join(pack, 'direct') });
    const [preview] = outside.run('plain.js', ['preview'], env);
    assert.match(preview?.messages.join('\n') ?? '', /\[weight-sum-100, IST0106\]/);
    assert.notEqual(preview?.failure, undefined);
  });

  it('the policy pack judges the state of a stack, with `pulumi policy analyze`', () => {
    const folder = outside.project('analyze');
    const pack = install(outside.files['meshwright-policy'], folder);
    const env = outside.environment([join(folder, 'node_modules', '.bin')], {
      PULUMI_HOME: join(folder, 'home'),
      PULUMI_BACKEND_URL: `file://${folder}`,
    });
    const pulumi = (...words: string[]): string[] => [outside.lab.programs.pulumi, ...words, '--stack', 'dev'];
    writeFileSync(join(folder, 'Pulumi.yaml'), 'name: plain\nruntime: yaml\n');
    outside.hidden([outside.lab.programs.pulumi, 'stack', 'init', 'dev'], env, folder);
    const findings = (v2: number): string[] => {
      const file = join(folder, 'state.json');
      writeFileSync(file, JSON.stringify(stateWith(v2)));
      outside.hidden(pulumi('stack', 'import', '--file', file), env, folder);
      const words = pulumi('policy', 'analyze', '--policy-pack', join(pack, 'direct'));
      const report = outside.hidden(['sh', '-c', '"$@" || true', 'sh', ...words], env, folder);
      return [...report.matchAll(/\[([\w-]+), IST\d+/g)].map(([, rule = '']) => rule);
    };
    // One finding is about one object, the other about two together.
    assert.deepEqual([findings(10), findings(20)], [['subset-exists'], ['subset-exists', 'weight-sum-100']]);
  });
});

const manifest = { time: '2026-01-01T00:00:00Z', magic: '', version: '' };

/** The state of a stack with a route to two versions, of which its DestinationRule has one. */
function stateWith(v2: number): object {
  const stack = 'urn:pulumi:dev::plain::pulumi:pulumi:Stack::plain-dev';
  const provider = 'urn:pulumi:dev::plain::pulumi:providers:kubernetes::k';
  const id = '00000000-0000-4000-8000-000000000000';
  const object = (kind: string, spec: object): object => {
    const type = `kubernetes:networking.istio.io/v1:${kind}`;
    const inputs = {
      ...{ apiVersion: 'networking.istio.io/v1', kind },
      ...{ metadata: { name: 'orders', namespace: 'shop' }, spec },
    };
    const urn = `urn:pulumi:dev::plain::${type}::orders`;
    return {
      ...{ urn, custom: true, id: 'shop/orders', type, provider: `${provider}::${id}`, parent: stack },
      ...{ inputs, outputs: inputs },
    };
  };
  const to = (subset: string, weight: number): object => ({ destination: { host: 'orders', subset }, weight });
  const versions = { version: '4.32.0' };
  return {
    version: 3,
    deployment: {
      manifest,
      resources: [
        { urn: stack, custom: false, type: 'pulumi:pulumi:Stack' },
        {
          ...{ urn: provider, custom: true, id, type: 'pulumi:providers:kubernetes' },
          ...{ inputs: versions, outputs: versions },
        },
        object('VirtualService', { hosts: ['orders'], http: [{ route: [to('v1', 90), to('v2', v2)] }] }),
        object('DestinationRule', { host: 'orders', subsets: [{ name: 'v1', labels: { version: 'v1' } }] }),
      ],
    },
  };
}
