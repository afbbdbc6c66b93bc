import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readInput, readObjects, type ReadOptions } from '../../cli/objects';
import { meshwright, temporaryFolder } from './support';

const object = (kind: string, name: string, more = ''): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata: { name: ${name}, namespace: shop }\n${more}`;

describe('reading objects', () => {
  const root = temporaryFolder();
  let count = 0;

  /** A folder with these files, by their paths. */
  function folder(files: Record<string, string>): string {
    const path = join(root.path, `case-${++count}`);
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    }
    return path;
  }

  /** The names of the objects in a folder, and the messages about its other files. */
  function read(files: Record<string, string>, options: ReadOptions = {}): { names: string[]; skipped: string[] } {
    const path = folder(files);
    const skipped: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = (text: string | Uint8Array) => skipped.push(String(text).replace(`${path}/`, '').trim()) > 0;
    try {
      const { objects } = readInput([path], options);
      return { names: objects.map(({ object: { kind, metadata } }) => `${kind} ${metadata.name}`), skipped };
    } finally {
      process.stderr.write = write;
    }
  }

  /** The error from reading these files. */
  function refusal(files: Record<string, string>, options: ReadOptions = {}): string {
    const path = folder(files);
    try {
      readInput([path], options);
    } catch (error) {
      return (error as Error).message.replaceAll(path, 'FOLDER');
    }
    throw new Error('nothing was refused');
  }

  it('reads all YAML and JSON files of a folder, sorted by name, and follows links once', () => {
    const path = folder({
      'b.yml': object('ConfigMap', 'b'),
      'a/c.yaml': object('ConfigMap', 'c'),
      'a/d.json': '{ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "d" } }',
      'notes.txt': 'nothing',
      '.git/e.yaml': object('ConfigMap', 'e'),
    });
    symlinkSync(path, join(path, 'a', 'loop'));
    assert.deepEqual(
      readInput([path]).objects.map(({ object: { metadata }, file }) => [metadata.name, file]),
      [
        ['c', join(path, 'a/c.yaml')],
        ['d', join(path, 'a/d.json')],
        ['b', join(path, 'b.yml')],
      ],
    );
  });

  const good = { 'z.yaml': object('Service', 'web') };
  for (const [title, files, reason] of [
    [
      'a kustomization',
      { 'kustomization.yaml': 'resources: [z.yaml]\n' },
      'kustomization.yaml: a kustomization; pass the output of `kustomize build`',
    ],
    [
      'a patch of a kustomization',
      {
        'kustomization.yaml':
          object('ConfigMap', 'x').replace('v1', 'kustomize.config.k8s.io/v1') + 'patches: [{ path: p.yaml }]\n',
        'p.yaml': object('Service', 'p'),
      },
      'p.yaml: a patch of a kustomization; pass the output of `kustomize build`',
    ],
    ['a JSON patch', { 'p.json': '[{ "op": "remove", "path": "/spec" }]' }, 'p.json: a JSON patch'],
    [
      'values of a chart',
      { 'values-prod.yaml': 'image: { tag: "1" }\n' },
      'values-prod.yaml: values of a Helm chart; pass the output of `helm template`',
    ],
    [
      'an unrendered template',
      { 't.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: {{ .Release.Name }} }\n' },
      't.yaml:3: an unrendered template; pass the output of `helm template`',
    ],
    [
      'a template whose braces are in a string',
      {
        'Chart.yaml': 'apiVersion: v2\nname: x\n',
        'templates/t.yaml': object('ConfigMap', 'x', 'data: { a: "{{ .Values.a }}" }\n'),
      },
      'templates/t.yaml:4: an unrendered template; pass the output of `helm template`',
    ],
    [
      'a workflow',
      { '.github/workflows/ci.yaml': 'on: push\njobs: { a: { runs-on: x } }\n' },
      '.github/workflows/ci.yaml: a workflow of GitHub Actions',
    ],
    ['a Compose file', { 'compose.yaml': 'services: { web: { image: web } }\n' }, 'compose.yaml: a Compose file'],
    ['an empty file', { 'e.yaml': '# later\n---\n' }, 'e.yaml: empty'],
    [
      'a file encrypted with SOPS',
      { 's.yaml': object('Secret', 's', 'data: { a: "ENC[x]" }\nsops: { mac: x }\n') },
      's.yaml: encrypted with SOPS; decrypt it first to check it',
    ],
    ['a stack file', { 'Pulumi.dev.yaml': 'config: {}\n' }, 'Pulumi.dev.yaml: a stack file'],
    ['a kubeconfig', { 'k.yaml': 'apiVersion: v1\nkind: Config\nclusters: []\n' }, 'k.yaml: a kubeconfig'],
    [
      'a configuration file with apiVersion and kind',
      { 'k.yaml': 'apiVersion: kind.x-k8s.io/v1alpha4\nkind: Cluster\n' },
      'k.yaml: Cluster of kind.x-k8s.io, a configuration file',
    ],
    [
      'the settings of a controller, in a group that also has objects',
      { 'c.yaml': 'apiVersion: controller-runtime.sigs.k8s.io/v1alpha1\nkind: ControllerManagerConfig\nhealth: {}\n' },
      'c.yaml: ControllerManagerConfig of controller-runtime.sigs.k8s.io, a configuration file',
    ],
    [
      'the settings of istioctl',
      { 'iop.yaml': 'apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nspec: { profile: demo }\n' },
      'iop.yaml: settings of istioctl (IstioOperator), which no API server takes',
    ],
    ['YAML of other programs', { 'm.yaml': 'site: x\n' }, 'm.yaml: no apiVersion and kind'],
    [
      'YAML with tags of other programs',
      { 'c.yaml': 'a: !Ref b\n' },
      'c.yaml: invalid YAML (FOLDER/c.yaml:1:4: unresolved tag: !Ref)',
    ],
  ] as const) {
    it(`skips ${title}, reports it once, and reads the rest`, () => {
      const { names, skipped } = read({ ...good, ...files });
      assert.ok(names.includes('Service web'));
      const own = skipped.map((line) => line.replace(join(root.path, `case-${count}`), 'FOLDER'));
      assert.equal(own.filter((line) => line === `skipped ${reason}`).length, 1, own.join('\n'));
      assert.match(refusal({ ...good, ...files }, { strict: true }), /^Not a Kubernetes object \(--strict\):\n/);
      assert.match(refusal(files), /^No Kubernetes object in FOLDER:\n/);
    });
  }

  it('treats an encrypted Secret as existing', () => {
    const secret = object('Secret', 'tls', 'data: { a: "ENC[x]" }\nsops: { mac: x }\n');
    assert.deepEqual(readInput([folder({ ...good, 's.yaml': secret })]).encryptedSecrets, ['shop/tls']);
  });

  it('refuses a broken object with its place, and duplicate keys', () => {
    assert.equal(
      refusal({ 'a.yaml': 'apiVersion: apps/v1\nkind: Deployment\n', 'b.yaml': object('Service', 'b', 'kind: Pod\n') }),
      [
        'Broken input, nothing was read:',
        '  FOLDER/a.yaml:1: Deployment without metadata',
        '  FOLDER/b.yaml:4:1: duplicate key (first at line 2); keep one of them',
      ].join('\n'),
    );
  });

  it('gives namespaced objects without a namespace the one from -n', () => {
    const bare = (kind: string): string => `apiVersion: v1\nkind: ${kind}\nmetadata: { name: a }\n`;
    const path = folder({ 'a.yaml': `${bare('Service')}---\n${bare('Namespace')}---\n${object('ConfigMap', 'a')}` });
    assert.deepEqual(
      readInput([path], { namespace: 'team' }).objects.map(({ object: { metadata } }) => metadata.namespace),
      ['team', undefined, 'shop'],
    );
  });

  it('completes a generated name as the API server does', () => {
    const text = 'apiVersion: batch/v1\nkind: Job\nmetadata: { generateName: migrate- }\n';
    assert.deepEqual(
      readObjects('stdin', text).map(({ object: { metadata } }) => metadata),
      [{ generateName: 'migrate-', name: 'migrate-xxxxx' }],
    );
  });

  it('reads the items of Lists, with the line of each', () => {
    const text = 'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n  metadata:\n    name: a\n';
    const [found] = readObjects('x', text);
    assert.deepEqual([found?.line('metadata.name'), found?.line('spec.ports')], [7, 4]);
  });

  it('gives the items of a typed list its kind, as kubectl does', () => {
    const text = '{"apiVersion":"v1","kind":"ServiceList","items":[{"metadata":{"name":"a"},"spec":{}}]}';
    assert.deepEqual(
      readObjects('x', text).map(({ object }) => object),
      [{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: {} }],
    );
  });

  const route = (weight: number): string =>
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web, namespace: shop }\nspec: { hosts: [web], http: [{ route: [{ destination: { host: web, subset: a }, weight: 90 }, { destination: { host: web, subset: b }, weight: ${weight} }] }] }\n`;

  it('judges one object of several copies, and reports the others once', () => {
    const path = folder({ 'a.yaml': route(10), 'b.yaml': route(10) });
    const { code, stdout } = meshwright(['check', path, '--json']);
    const { objects, findings } = JSON.parse(stdout) as {
      objects: number;
      findings: { rule: string; message: string; level: string }[];
    };
    assert.deepEqual(
      [
        code,
        objects,
        findings.filter(({ rule }) => rule === 'repeated-object').map(({ level, message }) => [level, message]),
      ],
      [
        0,
        1,
        [
          [
            'advisory',
            `VirtualService shop/web is given twice, in ${path}/a.yaml:1 and in ${path}/b.yaml:1, with the same content; keep one of them`,
          ],
        ],
      ],
    );
  });

  it('judges the other copies alone if they differ', () => {
    const path = folder({ 'a.yaml': route(20), 'b.yaml': route(10) });
    const { code, stdout } = meshwright(['check', path, '--json']);
    const { findings } = JSON.parse(stdout) as { findings: { rule: string; message: string }[] };
    assert.deepEqual(
      [
        code,
        findings
          .filter(({ rule }) => rule === 'weight-sum-100')
          .map(({ message }) => message.endsWith(`(in ${path}/a.yaml:1)`)),
      ],
      [1, [true]],
    );
  });

  it('judges stack files by their paths together, each finding with its file and key', () => {
    const stack = (name: string): string =>
      `config:\n  meshwright:namespaces: { ${name}: {} }\n  meshwright:routes:\n    ${name}: { web: { hosts: [www.example.com], http: [{ timeout: 1s }] } }\n`;
    const path = folder({ 'a.yaml': stack('one'), 'b.yaml': stack('two') });
    const { stdout } = meshwright(['check', join(path, 'a.yaml'), join(path, 'b.yaml'), '--json']);
    const { findings } = JSON.parse(stdout) as { findings: { rule: string; source: unknown }[] };
    assert.deepEqual(
      findings.filter(({ rule }) => rule === 'vs-host-conflict').map(({ source }) => source),
      [
        { file: join(path, 'a.yaml'), key: 'meshwright:routes.one.web', line: 4 },
        { file: join(path, 'b.yaml'), key: 'meshwright:routes.two.web', line: 4 },
      ],
    );
  });
});
