import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '..', '..');
const group = 'networking.istio.io/v1';
const metadata = { name: 'reviews', namespace: 'bookinfo' };
const to = (subset: string, weight?: unknown) => ({
  destination: { host: 'reviews', subset },
  ...(weight === undefined ? {} : { weight }),
});
const virtualService = (http: object[]) => ({
  apiVersion: group,
  kind: 'VirtualService',
  metadata,
  spec: { hosts: ['reviews'], http },
});
const destinationRule = (subsets: object[]) => ({
  apiVersion: group,
  kind: 'DestinationRule',
  metadata,
  spec: { host: 'reviews', subsets },
});
const subset = (name: string) => ({ name, labels: { version: name } });

const sound = [
  destinationRule([subset('v1'), subset('v3')]),
  virtualService([{ route: [to('v1', 90), to('v3', 10)] }]),
];

/** What must stop a preview, and by which rule. `$unknown` stands for a number that only the deployment knows. */
const bad: { title: string; rule: string; objects: object[] }[] = [
  {
    title: 'weights that sum to 110',
    rule: 'weight-sum-100',
    objects: [virtualService([{ route: [to('v1', 90), to('v3', 20)] }])],
  },
  {
    title: 'a negative weight',
    rule: 'weight-range',
    objects: [virtualService([{ route: [to('v1', -5), to('v3', 105)] }])],
  },
  {
    title: 'fractions',
    rule: 'weight-range',
    objects: [virtualService([{ route: [to('v1', 33.3), to('v3', 66.7)] }])],
  },
  {
    title: 'a missing weight',
    rule: 'weight-explicit',
    objects: [virtualService([{ route: [to('v1', 100), to('v3')] }])],
  },
  {
    title: 'a single destination of weight 0',
    rule: 'weight-single',
    objects: [virtualService([{ route: [to('v3', 0)] }])],
  },
  {
    title: 'an unknown weight',
    rule: 'undetermined',
    objects: [virtualService([{ route: [to('v1', '$unknown'), to('v3', 10)] }])],
  },
  {
    title: 'a misspelt field',
    rule: 'object-schema',
    objects: [virtualService([{ route: [to('v1')], timout: '3s' }])],
  },
  {
    title: 'a regex with look-ahead',
    rule: 'object-schema',
    objects: [virtualService([{ match: [{ uri: { regex: '(?=a)' } }], route: [to('v1')] }])],
  },
  { title: 'a subset twice', rule: 'object-schema', objects: [destinationRule([subset('v1'), subset('v1')])] },
  {
    title: 'HTTPS without TLS settings',
    rule: 'object-schema',
    objects: [
      {
        apiVersion: group,
        kind: 'Gateway',
        metadata,
        spec: { servers: [{ hosts: ['*'], port: { name: 'https', number: 443, protocol: 'HTTPS' } }] },
      },
    ],
  },
];

const program = `
const pulumi = require('@pulumi/pulumi');
const k8s = require('@pulumi/kubernetes');
const provider = new k8s.Provider('files', { renderYamlToDirectory: 'rendered' });
class Later extends pulumi.dynamic.Resource {}
const later = () => new Later({ create: async () => ({ id: 'later', outs: { value: 50 } }) }, 'later', { value: undefined }).value;
const known = (value) =>
  value === '$unknown' ? later()
  : Array.isArray(value) ? value.map(known)
  : typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, known(inner)]))
  : value;
const made = [];
for (const object of require('./objects.json')) {
  made.push(new k8s.apiextensions.CustomResource(object.kind + '-' + object.metadata.name, known(object), { provider, dependsOn: [...made] }));
}
`;

describe('a preview with the policy pack', function () {
  this.timeout(600_000);
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-pack-'));
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${folder}/state`,
    PULUMI_CONFIG_PASSPHRASE: 'test',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };

  const pulumi = (...words: string[]) =>
    spawnSync('pulumi', [...words, '--non-interactive'], { cwd: folder, env, encoding: 'utf8' });

  function preview(objects: object[], pack = join(root, 'policy')): { code: number | null; text: string } {
    writeFileSync(join(folder, 'objects.json'), JSON.stringify(objects));
    const { status, stdout, stderr } = pulumi('preview', '--policy-pack', pack);
    return { code: status, text: stdout + stderr };
  }

  before(function () {
    if (spawnSync('pulumi', ['version']).status !== 0) {
      console.log('      skipped: there is no Pulumi CLI on PATH');
      this.skip();
    }
    mkdirSync(join(folder, 'state'));
    writeFileSync(
      join(folder, 'Pulumi.yaml'),
      'name: any-program\nruntime: { name: nodejs, options: { typescript: false } }\n',
    );
    writeFileSync(join(folder, 'package.json'), '{ "name": "any-program", "main": "index.js" }');
    writeFileSync(join(folder, 'index.js'), program);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    assert.equal(pulumi('stack', 'init', 'dev').status, 0);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('passes a sound program', () => {
    const { code, text } = preview(sound);
    assert.equal(code, 0, text);
    assert.match(text, /✅ meshwright@v/);
  });

  for (const { title, rule, objects } of bad) {
    it(`is stopped by ${title}`, () => {
      const { code, text } = preview(objects);
      assert.notEqual(code, 0, text);
      assert.match(text, new RegExp(`\\[mandatory\\][^]*\\[${rule}[,\\]]`));
    });
  }

  it('works in the same way when the engine starts it itself, where the project says how', () => {
    const direct = join(root, 'policy', 'direct');
    const analyzers = [{ name: 'policy-meshwright', path: direct }];
    appendFileSync(join(folder, 'Pulumi.yaml'), `plugins: ${JSON.stringify({ analyzers })}\n`);
    const told = ({ code, text }: ReturnType<typeof preview>) => ({
      code,
      findings: text
        .split('\n')
        .filter((line) => /\[(mandatory|advisory)\]|✅|❌|\[[a-z-]+[,\]]/.test(line))
        .map((line) => line.replaceAll(direct, join(root, 'policy')).trim()),
    });
    for (const objects of [sound, bad[0]?.objects ?? [], bad[5]?.objects ?? []]) {
      const [one, other] = [told(preview(objects, direct)), told(preview(objects))];
      assert.deepEqual(one, other);
      assert.equal(one.code === 0, objects === sound);
    }
  });

  it('works from the packed tarball', () => {
    const tarball =
      execFileSync('npm', ['run', '--silent', 'pack:policy'], { cwd: root, encoding: 'utf8' })
        .trim()
        .split('\n')
        .at(-1) ?? '';
    const pack = join(folder, 'pack');
    mkdirSync(pack);
    execFileSync('tar', ['-xzf', join(root, 'dist', tarball), '-C', pack, '--strip-components=1']);
    const { code, text } = preview(bad[0]?.objects ?? [], pack);
    assert.notEqual(code, 0, text);
    assert.match(text, /\[weight-sum-100, IST0106\]/);
  });
});
