import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { meshwright, temporaryFolder, type Ran } from '../support';

const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: pay, namespace: shop }\ndata: { a: "1" }\n';
const split = (weight: number, namespace = 'shop'): string => `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: pay, namespace: ${namespace} }
spec:
  hosts: [pay]
  http:
    - route:
        - { destination: { host: pay, subset: v1 }, weight: ${100 - weight} }
        - { destination: { host: pay, subset: v2 }, weight: ${weight} }
`;
const rule = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: pay, namespace: shop }
spec:
  host: pay
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
`;

const imported = `config:
  meshwright:namespaces:
    shop:
      existing: true
  meshwright:routes:
    shop:
      pay:
        versions: [ v1, v2 ]
        weights: { v1: rest, v2: 10 }
        destinationRule: { name: pay }
  meshwright:objects:
    # verbatim: the stack file has no section for ConfigMap
    - apiVersion: v1
      kind: ConfigMap
      metadata:
        name: pay
        namespace: shop
      data:
        a: "1"
`;

describe('meshwright import', () => {
  const root = temporaryFolder();
  let count = 0;

  /** A folder with these files, by their paths. */
  function folder(files: Record<string, string>): string {
    const path = join(root.path, `case-${++count}`);
    mkdirSync(path);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    }
    return path;
  }

  const run = (cwd: string, ...words: string[]): Ran => meshwright(['import', ...words], { cwd });
  const read = (cwd: string, file = 'Pulumi.new.yaml'): string => readFileSync(join(cwd, file), 'utf8');

  it('prints a stack file, and on stderr the summary of the objects with the proof', () => {
    const cwd = folder({ 'k8s/all.yaml': [map, rule, split(10)].join('---\n') });
    assert.deepEqual(run(cwd, 'k8s'), {
      code: 0,
      stdout: imported,
      stderr: `KIND             IN THE FRAME  VERBATIM  LEFT OUT
ConfigMap        -             1         -
DestinationRule  1             -         -
VirtualService   1             -         -

0 of 3 objects differ, 0 of 2 classes of requests move
`,
    });
  });

  it('writes a file that check, render and a second import accept', () => {
    const cwd = folder({ 'k8s/all.yaml': [map, rule, split(10)].join('---\n') });
    assert.equal(run(cwd, 'k8s', '--stack', 'new').code, 0);
    assert.equal(read(cwd), imported);
    assert.deepEqual(readdirSync(cwd), ['Pulumi.new.yaml', 'k8s']);
    const rendered = meshwright(['render', '--stack', 'new'], { cwd });
    assert.equal(rendered.code, 0);
    writeFileSync(join(cwd, 'rendered.yaml'), rendered.stdout);
    // The namespace is the stack's own only as far as its labels go.
    assert.equal(run(cwd, 'rendered.yaml', '--stack', 'again').code, 0);
    assert.equal(read(cwd, 'Pulumi.again.yaml'), imported);
    assert.equal(
      run(cwd, 'k8s', '--stack', 'new').stderr,
      'Pulumi.new.yaml: nothing to add\nNext: npx meshwright check --config Pulumi.new.yaml\n',
    );
    assert.equal(read(cwd), imported);
  });

  it('adds to a file and keeps its comments, order and other values', () => {
    const before = `# our stack
config:
  kubernetes:context: prod # the context
  meshwright:routes:
    shop:
      # moved by hand
      pay: { versions: [v1, v2], weights: { v1: rest, v2: 50 }, destinationRule: { name: pay } }
  meshwright:namespaces: { shop: { existing: true } }
`;
    const cwd = folder({ 'k8s/all.yaml': [map, rule, split(10)].join('---\n'), 'Pulumi.new.yaml': before });
    const { code, stdout } = run(cwd, 'k8s', '--stack', 'new');
    assert.equal(code, 1);
    assert.match(
      stdout,
      /Not changed in the stack file .*\n {2}the stack file has another form of it:\n {4}VirtualService shop\/pay at meshwright:routes.shop.pay/,
    );
    assert.match(stdout, /1 of 3 objects differ, \d+ of 2 classes of requests move/);
    assert.equal(
      read(cwd),
      `# our stack
config:
  kubernetes:context: prod # the context
  meshwright:routes:
    shop:
      # moved by hand
      pay: { versions: [ v1, v2 ], weights: { v1: rest, v2: 50 }, destinationRule: { name: pay } }
  meshwright:namespaces: { shop: { existing: true } }
${imported.slice(imported.indexOf('  meshwright:objects'))}`,
    );
    assert.equal(run(cwd, 'k8s', '--stack', 'new', '--force').code, 0);
    assert.match(read(cwd), /# our stack[^]*pay:\n {8}versions: \[ v1, v2 \]\n {8}weights: \{ v1: rest, v2: 10 \}/);
  });

  it('with --force keeps the objects of a route that the input does not have', () => {
    const cwd = folder({ 'k8s/all.yaml': [rule, split(10)].join('---\n'), 'only.yaml': split(30) });
    run(cwd, 'k8s', '--stack', 'new');
    assert.equal(run(cwd, 'only.yaml', '--stack', 'new', '--force').code, 0);
    assert.equal(read(cwd), imported.slice(0, imported.indexOf('  meshwright:objects')).replace('v2: 10', 'v2: 30'));
  });

  it('--check compares and writes nothing', () => {
    const cwd = folder({
      'k8s/all.yaml': [rule, split(10)].join('---\n'),
      'other.yaml': [rule, split(20)].join('---\n'),
    });
    run(cwd, 'k8s', '--stack', 'new');
    const before = read(cwd);
    assert.equal(run(cwd, 'k8s', '--stack', 'new', '--check').code, 0);
    const { code, stdout } = run(cwd, 'other.yaml', '--stack', 'new', '--check');
    assert.equal(code, 1);
    assert.match(
      stdout,
      /1 of 2 objects differ, \d+ of 2 classes of requests move\n {2}VirtualService shop\/pay is made differently/,
    );
    assert.equal(read(cwd), before);
    assert.equal(run(cwd, 'k8s', '--stack', 'none', '--check').code, 2);
  });

  it('names objects with different copies, and uses the copy that --prefer selects', () => {
    const cwd = folder({ 'a/pay.yaml': split(10), 'b/pay.yaml': split(20), 'c/pay.yaml': split(20) });
    assert.deepEqual(run(cwd, '.', '--stack', 'new'), {
      code: 1,
      stdout: '',
      stderr: `One object has several different copies; nothing was written:
  VirtualService shop/pay: a/pay.yaml:1, b/pay.yaml:1
Choose with --prefer first, --prefer last, or --prefer FILE or FOLDER; or name fewer files.
`,
    });
    assert.equal(existsSync(join(cwd, 'Pulumi.new.yaml')), false);
    for (const [prefer, weight] of [
      ['first', 10],
      ['last', 20],
      ['b', 20],
      ['a/pay.yaml', 10],
    ] as const) {
      const { code, stdout } = run(cwd, 'a', 'b', 'c', '--prefer', prefer);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`weights: \\{ v1: rest, v2: ${weight} \\}`));
    }
  });

  it('drops fields that the API server writes, and leaves out objects that a stack must not write', () => {
    const live = `apiVersion: v1
kind: List
items:
  - apiVersion: networking.istio.io/v1
    kind: ServiceEntry
    metadata:
      name: ext
      namespace: shop
      uid: 1b
      resourceVersion: "7"
      generation: 2
      creationTimestamp: "2026-01-01T00:00:00Z"
      annotations: { kubectl.kubernetes.io/last-applied-configuration: "{}" }
      managedFields: [{ manager: kubectl, operation: Update }]
    spec: { hosts: [api.example.com], resolution: DNS }
    status: { conditions: [] }
  - apiVersion: v1
    kind: Secret
    metadata: { name: token, namespace: shop }
    data: { token: c2VjcmV0 }
  - apiVersion: networking.istio.io/v1
    kind: VirtualService
    metadata: { name: owned, namespace: shop, ownerReferences: [{ kind: Canary, name: pay }] }
    spec: { hosts: [pay], http: [{ route: [{ destination: { host: pay } }] }] }
`;
    const cwd = folder({ 'live.yaml': live });
    const { code, stdout, stderr } = run(cwd, 'live.yaml');
    assert.equal(code, 0);
    assert.equal(
      stdout,
      `config:
  meshwright:namespaces:
    shop:
      existing: true
  meshwright:objects:
    # verbatim: the stack file has no section for ServiceEntry
    - apiVersion: networking.istio.io/v1
      kind: ServiceEntry
      metadata:
        name: ext
        namespace: shop
      spec:
        hosts:
          - api.example.com
        resolution: DNS
  meshwright:policy:
    externals:
      secrets: [ shop/token ]
`,
    );
    assert.match(stderr, /Secret must not be in a file[^\n]*:\n {4}Secret shop\/token \(live.yaml:17\)/);
    assert.match(stderr, /Canary pay owns and writes it:\n {4}VirtualService shop\/owned/);
  });

  it('upgrades kinds that Istio removed where it defines how, and names the others with exit code 1', () => {
    const old = (apiVersion: string, kind: string, rest: string): string =>
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: { name: default, namespace: shop }\n${rest}`;
    const cwd = folder({
      'old.yaml': [
        old('authentication.istio.io/v1alpha1', 'MeshPolicy', 'spec: { peers: [{ mtls: { mode: PERMISSIVE } }] }\n'),
        old('authentication.istio.io/v1alpha1', 'Policy', 'spec: { peers: [{ mtls: {} }] }\n'),
        old('rbac.istio.io/v1alpha1', 'ServiceRole', 'spec: { rules: [] }\n'),
      ].join('---\n'),
    });
    const { code, stdout, stderr } = run(cwd, 'old.yaml');
    assert.equal(code, 1);
    assert.match(stdout, /name: default\n {8}namespace: istio-system\n {6}spec:\n {8}mtls:\n {10}mode: PERMISSIVE/);
    assert.match(stdout, /name: default\n {8}namespace: shop\n {6}spec:\n {8}mtls:\n {10}mode: STRICT/);
    assert.match(stderr, /Policy shop\/default became PeerAuthentication shop\/default \(old.yaml:6\)/);
    assert.match(
      stderr,
      /Istio removed ServiceRole in 1.6; write an AuthorizationPolicy for it:\n {4}ServiceRole shop\/default/,
    );
    assert.match(stderr, /0 of 2 objects differ/);
  });

  it('lists findings on the imported objects, and waives them with --waive', () => {
    const same = rule.replace('version: v2', 'version: v1');
    const cwd = folder({ 'k8s/all.yaml': [same, split(10)].join('---\n') });
    const listed = run(cwd, 'k8s', '--stack', 'new');
    assert.equal(listed.code, 0);
    assert.match(listed.stdout, /Findings on the imported objects: 1\..*--waive[^]*\(subset-overlap\)/);
    assert.equal(meshwright(['check', '--stack', 'new'], { cwd }).code, 1);
    const waived = run(cwd, 'k8s', '--stack', 'other', '--waive');
    assert.equal(waived.code, 0);
    assert.doesNotMatch(waived.stdout, /Findings/);
    assert.match(
      read(cwd, 'Pulumi.other.yaml'),
      /annotations: \{ policy.meshwright.io\/waive.subset-overlap: imported \}/,
    );
    assert.equal(meshwright(['check', '--stack', 'other'], { cwd }).code, 0);
  });

  it('leaves weights to Argo Rollouts, and takes them over with --weights take', () => {
    const rollout = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: pay, namespace: shop }
spec:
  selector: { matchLabels: { app: pay } }
  strategy:
    canary:
      steps: [{ setWeight: 10 }]
      trafficRouting: { istio: { virtualService: { name: pay }, destinationRule: { name: pay, stableSubsetName: v1, canarySubsetName: v2 } } }
  template:
    metadata: { labels: { app: pay } }
    spec: { containers: [{ name: pay, image: pay:1 }] }
`;
    const cwd = folder({ 'all.yaml': [rollout, rule, split(10)].join('---\n') });
    const kept = run(cwd, 'all.yaml');
    assert.equal(kept.code, 0);
    assert.match(kept.stdout, /weights: \{ v1: rest, v2: 10 \}\n {8}weightsOwnedBy: argo/);
    assert.doesNotMatch(run(cwd, 'all.yaml', '--weights', 'take').stdout, /weightsOwnedBy/);
  });

  it('lists what was converted and what was not; only objects count as left out', () => {
    const ingress = (name: string, pathType: string): string => `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: ${name}, namespace: shop }
spec:
  rules:
    - { host: ${name}.example.com, http: { paths: [{ path: /, pathType: ${pathType}, backend: { service: { name: pay, port: { number: 80 } } } }] } }
`;
    const canary = `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: till, namespace: shop }
spec: { targetRef: { kind: Deployment, name: till }, service: { port: 80 } }
`;
    const cwd = folder({
      'all.yaml': [ingress('a', 'Prefix'), ingress('b', 'ImplementationSpecific'), canary].join('---\n'),
    });
    const { code, stdout } = run(cwd, 'all.yaml', '--convert', '-o', 'out.yaml');
    assert.equal(code, 1);
    assert.match(stdout, /^Ingress +- +1 +-$/m);
    assert.match(
      stdout,
      /^Converted\n {2}Canary shop\/till still sets the weights of VirtualService shop\/till\n {2}Ingress shop\/a became Gateway shop\/a, VirtualService shop\/a$/m,
    );
    assert.match(
      stdout,
      /^Not converted\n {2}its meaning depends on the ingress controller, .*:\n {4}Ingress shop\/b spec\.rules\[0\]\.http\.paths\[0\]\.pathType \(all\.yaml:\d+\)$/m,
    );
    assert.doesNotMatch(stdout, /Left out/);
  });

  it('advises on a stack file that is too long for Pulumi', () => {
    const long = map.replace('"1"', `"${'x'.repeat(140_000)}"`);
    const { code, stdout } = run(folder({ 'k8s/all.yaml': long }), 'k8s', '-o', 'out.yaml');
    assert.equal(code, 0);
    assert.match(stdout, /^Advice\n {2}the configuration is 137 KiB long\. /m);
  });

  it('prints the whole summary as JSON', () => {
    const cwd = folder({ 'k8s/all.yaml': [map, rule, split(10)].join('---\n') });
    const { code, stdout } = run(cwd, 'k8s', '-o', 'out.yaml', '--json');
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), {
      files: [{ file: 'out.yaml', written: true }],
      advice: [],
      kinds: [
        { kind: 'ConfigMap', frame: 0, verbatim: 1, present: 0, kept: 0, leftOut: 0 },
        { kind: 'DestinationRule', frame: 1, verbatim: 0, present: 0, kept: 0, leftOut: 0 },
        { kind: 'VirtualService', frame: 1, verbatim: 0, present: 0, kept: 0, leftOut: 0 },
      ],
      objects: [
        {
          title: 'ConfigMap shop/pay',
          kind: 'ConfigMap',
          place: 'k8s/all.yaml:1',
          key: 'meshwright:objects[0]',
          is: 'verbatim',
          why: 'the stack file has no section for ConfigMap',
        },
        {
          title: 'DestinationRule shop/pay',
          kind: 'DestinationRule',
          place: 'k8s/all.yaml:6',
          key: 'meshwright:routes.shop.pay',
          is: 'frame',
        },
        {
          title: 'VirtualService shop/pay',
          kind: 'VirtualService',
          place: 'k8s/all.yaml:15',
          key: 'meshwright:routes.shop.pay',
          is: 'frame',
        },
      ],
      leftOut: [],
      upgraded: [],
      findings: [],
      proof: { objects: 3, differing: [], missing: [], classes: 2, moved: 0, moves: '', traffic: 'same' },
    });
  });

  it('puts Gateways below the workload that they select, and names a workload that it assumes', () => {
    const gateway = (name: string, selector: string): string =>
      `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: ${name}, namespace: shop }\nspec: { selector: ${selector}, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }\n`;
    const workload =
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: edge, namespace: ingress }\nspec: { selector: { matchLabels: { app: edge } }, template: { metadata: { labels: { app: edge } }, spec: { containers: [{ name: edge, image: auto }] } } }\n';
    const cwd = folder({
      'g.yaml': [gateway('public', '{ istio: ingressgateway }'), gateway('own', '{ app: edge }'), workload].join(
        '---\n',
      ),
    });
    const { code, stdout, stderr } = run(cwd, 'g.yaml');
    assert.equal(code, 0);
    assert.equal(
      stdout.slice(stdout.indexOf('  meshwright:gateways'), stdout.indexOf('  meshwright:objects')),
      `  meshwright:gateways:
    edge:
      namespace: ingress
      install: false
      labels: { app: edge }
      gateways:
        shop:
          own: {}
    istio-ingressgateway:
      namespace: istio-system
      install: false
      gateways:
        shop:
          public: {}
`,
    );
    assert.match(
      stderr,
      /gateway workload istio-ingressgateway is assumed in istio-system, since it is not among the objects/,
    );
    assert.doesNotMatch(stderr, /gateway workload edge/);
  });

  it('--split-by namespace writes a stack for the platform and one for each team, which fit', () => {
    const gateway =
      'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: public, namespace: istio-system }\nspec: { selector: { istio: ingressgateway }, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }\n';
    const namespace =
      'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, labels: { istio-injection: enabled } }\n';
    const web =
      'apiVersion: v1\nkind: Service\nmetadata: { name: web, namespace: web }\nspec: { ports: [{ port: 80, name: http }] }\n';
    const entry = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: entry, namespace: shop }
spec:
  hosts: ["*"]
  gateways: [istio-system/public]
  http: [{ route: [{ destination: { host: web.web.svc.cluster.local } }] }]
`;
    const cwd = folder({ 'all.yaml': [gateway, namespace, web, entry, rule, split(10)].join('---\n') });
    const { code, stdout } = run(cwd, 'all.yaml', '--stack', 'new', '--split-by', 'namespace');
    assert.equal(code, 0);
    assert.match(stdout, /0 of 6 objects differ, 0 of \d+ classes of requests move/);
    assert.deepEqual(readdirSync(cwd), ['Pulumi.new-shop.yaml', 'Pulumi.new-web.yaml', 'Pulumi.new.yaml', 'all.yaml']);
    assert.equal(
      read(cwd),
      `config:
  meshwright:namespaces:
    shop:
      existing: true
      injection: true
  meshwright:gateways:
    istio-ingressgateway:
      namespace: istio-system
      install: false
      gateways:
        istio-system:
          public: {}
`.replace('    shop:', '    istio-system:\n      existing: true\n    shop:'),
    );
    assert.equal(
      read(cwd, 'Pulumi.new-shop.yaml'),
      `config:
  meshwright:namespaces:
    shop:
      existing: true
  meshwright:routes:
    shop:
      pay:
        versions: [ v1, v2 ]
        weights: { v1: rest, v2: 10 }
        destinationRule: { name: pay }
      web:
        host: web.web.svc.cluster.local
        hosts: [ "*" ]
        gateways: [ istio-system/public ]
        http: [ {} ]
        virtualService: { name: entry }
  meshwright:policy:
    externals:
      gateways: [ istio-system/public ]
      hosts: [ web.web.svc.cluster.local ]
`,
    );
    for (const stack of ['new', 'new-shop', 'new-web'])
      assert.equal(meshwright(['check', '--stack', stack], { cwd }).code, 0);
  });

  it('sets missing namespaces, and reports it', () => {
    const cwd = folder({ 'pay.yaml': split(10).replace(', namespace: shop', '') });
    assert.match(run(cwd, 'pay.yaml', '-n', 'shop').stdout, /routes:\n {4}shop:/);
    const { stdout, stderr } = run(cwd, 'pay.yaml');
    assert.match(stdout, /routes:\n {4}default:/);
    assert.match(stderr, /1 objects? names? no namespace/);
  });

  it('keeps the old file when it cannot write', () => {
    // The temporary file would have too long a name.
    const name = `${'x'.repeat(250)}.yaml`;
    const cwd = folder({ 'pay.yaml': split(10), [name]: 'config: {}\n' });
    const { code, stderr } = run(cwd, 'pay.yaml', '-o', name);
    assert.equal(code, 2);
    assert.match(stderr, /x{250}\.yaml cannot be written and is unchanged: ENAMETOOLONG/);
    assert.equal(read(cwd, name), 'config: {}\n');
  });

  describe('of bad input', () => {
    const cases: [what: string, bytes: string | Buffer, message: RegExp][] = [
      ['a duplicate key', 'kind: Service\nkind: Service\n', /bad.yaml:2:1: duplicate key \(first at line 1\)/],
      ['tabs', 'kind: Service\nmetadata:\n\tname: x\n', /bad.yaml:3:1: /],
      ['an alias without an anchor', 'kind: Service\nmetadata: *a\n', /bad.yaml:2:11: /],
      [
        'labels that are no strings',
        'apiVersion: v1\nkind: Service\nmetadata: { name: a, labels: { version: 1 } }\n',
        /bad.yaml:1: Service a: metadata.labels.version: 1 must be a string; put it in quotes/,
      ],
      [
        'an object without a name',
        'apiVersion: v1\nkind: Service\nmetadata: {}\n',
        /bad.yaml:1: Service without metadata.name/,
      ],
      ['an empty file', '', /bad.yaml: empty/],
      ['a binary file', Buffer.from([0x00, 0xff, 0xfe, 0x01, 0x00]), /bad.yaml: /],
      [
        'a template',
        'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .Values.name }}\n',
        /bad.yaml:\d+: an unrendered template/,
      ],
      ['a stack file', 'config: {}\n', /bad.yaml is a stack file already/],
    ];
    for (const [what, bytes, message] of cases) {
      it(`refuses ${what} with its place, and writes nothing`, () => {
        const cwd = folder({ 'good.yaml': split(10) });
        writeFileSync(join(cwd, 'bad.yaml'), bytes);
        const { code, stdout, stderr } = run(cwd, 'bad.yaml', '--stack', 'new');
        assert.equal(code, 2);
        assert.equal(stdout, '');
        assert.match(stderr, message);
        assert.doesNotMatch(stderr, /\n\s+at /);
        assert.deepEqual(readdirSync(cwd), ['bad.yaml', 'good.yaml']);
      });
    }

    it('reads CRLF, a byte order mark, anchors and strings that look like numbers as kubectl does', () => {
      const text = `\uFEFFapiVersion: networking.istio.io/v1\r\nkind: ServiceEntry\r\nmetadata: { name: "1", namespace: shop, labels: &l { a: "010", b: "yes" } }\r\nspec: { hosts: [a.example.com], workloadSelector: { labels: *l } }\r\n`;
      const cwd = folder({ 'odd.yaml': text });
      const { code, stdout } = run(cwd, 'odd.yaml');
      assert.equal(code, 0);
      assert.equal(
        stdout.slice(stdout.indexOf('    - apiVersion')),
        `    - apiVersion: networking.istio.io/v1
      kind: ServiceEntry
      metadata:
        name: "1"
        namespace: shop
        labels:
          a: "010"
          b: "yes"
      spec:
        hosts:
          - a.example.com
        workloadSelector:
          labels:
            a: "010"
            b: "yes"
`,
      );
    });

    it('refuses a broken stack file, and does not change it', () => {
      const cwd = folder({ 'pay.yaml': split(10), 'Pulumi.new.yaml': 'config:\n  meshwright:routs: {}\n' });
      const { code, stderr } = run(cwd, 'pay.yaml', '--stack', 'new');
      assert.equal(code, 2);
      assert.match(stderr, /Pulumi.new.yaml is not a valid stack file, nothing was written:\nPulumi.new.yaml:2/);
      assert.equal(read(cwd), 'config:\n  meshwright:routs: {}\n');
    });

    it('refuses flags that do not go together', () => {
      const cwd = folder({ 'pay.yaml': split(10) });
      for (const words of [
        [],
        ['pay.yaml', '--context', 'x'],
        ['pay.yaml', '--check'],
        ['pay.yaml', '--json'],
        ['pay.yaml', '--stack', 'a', '-o', 'b'],
      ])
        assert.equal(run(cwd, ...words).code, 2);
    });
  });
});
