import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { loadSettings } from '../../config/load';

/** Pulumi's log writes here when there is no engine. */
function logged(work: () => void): string[] {
  const lines: string[] = [];
  const { warn } = console;
  console.warn = (line: string) => void lines.push(line);
  try {
    work();
  } finally {
    console.warn = warn;
  }
  return lines;
}

/** The engine's form of the configuration: every section as JSON. */
function configure(sections: Record<string, unknown>, secrets: string[] = []): void {
  const entries = Object.entries(sections).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  pulumi.runtime.setAllConfig(Object.fromEntries(entries) as Record<string, string>, secrets);
}

function refusal(): string {
  try {
    loadSettings();
  } catch (error) {
    assert.ok(pulumi.RunError.isInstance(error), String(error));
    return error.message;
  }
  throw new Error('nothing was refused');
}

describe('loadSettings', () => {
  before(async () => {
    await pulumi.runtime.setMocks(
      { newResource: ({ name, inputs }) => ({ id: name, state: inputs as object }), call: () => ({}) },
      'meshwright',
      'test',
    );
  });
  afterEach(() => configure({}));

  it("reads every section, and the cluster's address from other namespaces", () => {
    configure({
      'kubernetes:context': 'kind-dev',
      'kubernetes:namespace': 'default',
      'meshwright:namespaces': { shop: { injection: false } },
      'meshwright:routes': { shop: { cart: { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 0 } } } },
      'meshwright:objects': [],
      'meshwright:policy': { maxStep: 0 },
      'meshwright:proof': { drainSeconds: 0 },
    });
    assert.deepEqual(loadSettings(), {
      settings: {
        namespaces: { shop: { injection: false } },
        routes: { shop: { cart: { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 0 } } } },
        objects: [],
        proof: { drainSeconds: 0 },
      },
      policy: { maxStep: 0 },
      cluster: { context: 'kind-dev' },
      secretSections: new Set(),
    });
  });

  it('refuses with every problem, even in unknown sections', () => {
    configure({
      'meshwright:rotues': {},
      'meshwright:istio': 'demo',
      'meshwright:namespaces': { shop: {} },
      'meshwright:routes': { shop: { cart: { versions: ['v1', 'v2'], weights: { v1: 90, v2: 20 } } } },
    });
    assert.equal(
      refusal(),
      [
        'invalid configuration for stack test, nothing was changed: 3 problems',
        'meshwright:istio: "demo"',
        '  must be a map',
        'meshwright:rotues: {}',
        '  unknown key; the keys here are istio, gateways, namespaces, apps, addons, routes, rollouts, objects, adopt, proof, expect, policy',
        '  did you mean "routes"?',
        'meshwright:routes.shop.cart.weights: {"v1":90,"v2":20}',
        '  weights must sum to 100, these sum to 110: v1 90, v2 20; change one of them, or make it "rest"',
        'meshwright check --stack test shows the lines',
      ].join('\n'),
    );
  });

  it("refuses the check's findings in the mesh", () => {
    configure({
      'meshwright:namespaces': { shop: {} },
      'meshwright:objects': [
        {
          apiVersion: 'networking.istio.io/v1',
          kind: 'VirtualService',
          metadata: { name: 'cart', namespace: 'shop' },
          spec: {
            hosts: ['cart.example.com'],
            http: [
              {
                route: [
                  { destination: { host: 'a' }, weight: 90 },
                  { destination: { host: 'b' }, weight: 20 },
                ],
              },
            ],
          },
        },
      ],
    });
    assert.match(
      refusal(),
      /^meshwright:objects\[0\]\.spec\.http\[0\]\.route\n {2}weights must sum to 100.*\(weight-sum-100\)$/m,
    );
  });

  it('names the sections with secrets, and hides their values', () => {
    const sections = {
      'meshwright:namespaces': { shop: {} },
      'meshwright:addons': { grafana: { password: 'hunter2' } },
    };
    configure(sections, ['meshwright:addons']);
    assert.deepEqual(loadSettings().secretSections, new Set(['addons']));

    configure({ ...sections, 'meshwright:addons': { grafana: { password: 'hunter2', anonymous: 'hunter2' } } }, [
      'meshwright:addons',
    ]);
    const told = refusal();
    assert.match(told, /^meshwright:addons\.grafana\.anonymous: \[secret\]\n {2}must be true or false$/m);
    assert.doesNotMatch(told, /hunter2/);
  });

  it('does not show a secret value that is not a section', () => {
    configure({ 'meshwright:routes': 'hunter2' }, ['meshwright:routes']);
    assert.equal(
      refusal(),
      [
        'invalid configuration for stack test, nothing was changed: 1 problem',
        'meshwright:routes: [secret]',
        '  must be a map',
        'meshwright check --stack test shows the lines',
      ].join('\n'),
    );
  });

  it('hides messages of the check about a section with secrets', () => {
    const spec = { hosts: ['hunter2'], http: [{ timeout: 'hunter2', route: [{ destination: { host: 'a' } }] }] };
    const metadata = { name: 'cart', namespace: 'default' };
    const object = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec };
    configure({ 'meshwright:objects': [object] }, ['meshwright:objects']);
    const told = refusal();
    assert.match(
      told,
      /^meshwright:objects\[0\]\.spec\.http\[0\]\.timeout: \[secret\]\n {2}the message is hidden, because this section holds secrets; .*\(object-schema\)$/m,
    );
    assert.doesNotMatch(told, /hunter2/);
  });

  it('refuses missing charts', () => {
    configure({
      'meshwright:istio': { charts: { path: 'no-such-folder', files: { base: 'package.json', istiod: 'no.tgz' } } },
    });
    const where = `  there is no such file or folder; relative paths start from ${process.cwd()}`;
    assert.equal(
      refusal(),
      [
        'invalid configuration for stack test, nothing was changed: 2 problems',
        'meshwright:istio.charts.path: "no-such-folder"',
        where,
        'meshwright:istio.charts.files.istiod: "no.tgz"',
        where,
        'meshwright check --stack test shows the lines',
      ].join('\n'),
    );
  });

  it('warns about probable mistakes', () => {
    configure({ 'meshwright:gateways': { gw: { service: { type: 'NodePort', nodePorts: { http2: 8080 } } } } });
    assert.deepEqual(
      logged(() => loadSettings()),
      [
        'warning: [runtime] meshwright:gateways.gw.service.nodePorts.http2: 8080\n' +
          '  by default clusters accept node ports from 30000 to 32767; --service-node-port-range of the API server sets another range',
      ],
    );
  });

  it('loads without the Kubernetes SDK, which takes seconds', () => {
    const script = `require('./config/load'); console.log(Object.keys(require.cache).filter((file) => /@pulumi.kubernetes./.test(file)).length)`;
    const root = join(__dirname, '..', '..');
    const { stdout, stderr } = spawnSync(process.execPath, ['-r', 'tsx/cjs', '-e', script], {
      cwd: root,
      encoding: 'utf8',
    });
    assert.deepEqual([stdout, stderr], ['0\n', '']);
  });
});
