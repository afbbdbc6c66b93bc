import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFolder } from '../../cli/render/folder';
import { objectFile, releaseComment } from '../../cli/render/yaml';
import { meshwright, temporaryFolder } from './support';

describe('the output folder of render', () => {
  const root = temporaryFolder();
  let count = 0;
  const place = (): string => join(root.path, `case-${++count}`);
  const list = '.meshwright-render';

  /** Why a folder is refused. */
  const refusal = (folder: string, files: Record<string, string> = { 'a/b.yaml': 'x' }): string => {
    try {
      writeFolder(folder, new Map(Object.entries(files)));
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message.replaceAll(root.path, 'ROOT')}`;
    }
    throw new Error('nothing was refused');
  };

  it('contains the files of the last run, and nothing else', () => {
    const folder = place();
    writeFolder(
      folder,
      new Map([
        ['a/b.yaml', '1'],
        ['c/d/e.yaml', '2'],
      ]),
    );
    writeFolder(folder, new Map([['a/b.yaml', '3']]));
    assert.deepEqual(readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort(), [list, 'a', 'a/b.yaml']);
    assert.equal(readFileSync(join(folder, 'a/b.yaml'), 'utf8'), '3');
  });

  for (const path of ['../mine.txt', '/etc/mine.txt', 'a/../../mine.txt', 'a//b', '', 'a\\b']) {
    it(`is refused with a list that names ${JSON.stringify(path)}, and nothing is removed`, () => {
      const folder = place();
      mkdirSync(folder);
      writeFileSync(join(root.path, 'mine.txt'), 'mine');
      writeFileSync(join(folder, list), JSON.stringify([path]));
      assert.equal(
        refusal(folder),
        `UserError: ROOT/case-${count}/${list} is not a list that meshwright render wrote: remove it, and the files that you no longer need. Nothing was written.`,
      );
      assert.deepEqual([existsSync(join(root.path, 'mine.txt')), readdirSync(folder)], [true, [list]]);
    });
  }

  it('is refused with a broken list', () => {
    const folder = place();
    mkdirSync(folder);
    writeFileSync(join(folder, list), '["a",');
    assert.match(refusal(folder), /is not a list that meshwright render wrote/);
  });

  for (const [title, path, target] of [
    ['a folder in it', 'a', '../outside'],
    ['a file in it', 'a/b.yaml', '../../outside/f.yaml'],
    ['its list', list, '../outside/list'],
  ] as const) {
    it(`is refused when ${title} is a link, and nothing outside is written`, () => {
      const folder = place();
      const outside = join(root.path, 'outside');
      mkdirSync(outside, { recursive: true });
      mkdirSync(join(folder, path === 'a/b.yaml' ? 'a' : '.'), { recursive: true });
      if (path !== list) writeFileSync(join(folder, list), '[]');
      symlinkSync(target, join(folder, path));
      assert.match(refusal(folder), /^UserError: .*(is a link: remove it|is not a list)/);
      assert.deepEqual(readdirSync(outside), []);
    });
  }

  it('is refused when it is a file, or below one', () => {
    const file = root.file('file', '');
    assert.equal(refusal(file), 'UserError: ROOT/file is a file: name a folder for --output. Nothing was written.');
    assert.match(refusal(join(file, 'below')), /^UserError: ROOT\/file\/below cannot be written: ENOTDIR/);
  });

  it('is refused below /proc, at once', function () {
    if (!existsSync('/proc/self')) this.skip();
    assert.match(refusal('/proc/meshwright/out'), /^UserError: \/proc\/meshwright\/out cannot be written: ENOENT/);
  });
});

describe('the files of render', () => {
  const root = temporaryFolder();
  const object = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' } });

  it('are separate for each name', () => {
    const names = ['a', 'a_b', 'a/b', 'a%2Fb', 'a b', '.a', '..', 'ä', 'a\nb'];
    const files = names.map((name) => objectFile(object(name)));
    assert.equal(new Set(files).size, names.length);
    assert.deepEqual(
      files.filter((file) => !/^shop\/configmap\/[\w.%-]+\.yaml$/.test(file) || file.includes('/.')),
      [],
    );
  });

  it('keep every value within its comment', () => {
    const text = releaseComment({
      name: 'a\nkind: Secret',
      namespace: 'b',
      chart: 'c',
      repository: 'https://x\r\nkind: Secret\u2028kind: Secret\u0085kind: Secret',
      values: { a: 'x\nkind: Secret' },
      origin: 'meshwright:istio',
    } as unknown as Parameters<typeof releaseComment>[0]);
    assert.deepEqual(
      text
        .trimEnd()
        .split(/[\n\r\u2028\u0085]/)
        .filter((line) => !line.startsWith('#')),
      [],
    );
  });

  it('have the same meaning for kubectl: keywords of YAML 1.1 are in quotes', () => {
    const stack = root.file(
      'words.yaml',
      'config:\n  meshwright:namespaces: { shop: {} }\n  meshwright:objects: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: a, namespace: shop }, data: { a: "yes", b: "010", c: "off", d: "n" } }]\n',
    );
    const { stdout } = meshwright(['render', '-c', stack]);
    assert.deepEqual(
      stdout.split('\n').filter((line) => /^ {2}[a-d]: /.test(line)),
      ['  a: "yes"', '  b: "010"', '  c: "off"', '  d: "n"'],
    );
  });

  it('leave out objects that need an encrypted value, and name them', () => {
    const stack = root.file(
      'encrypted.yaml',
      `config:
  meshwright:namespaces: { shop: {} }
  meshwright:apps:
    shop:
      namespace: shop
      workloads: { web: { image: web } }
      secrets: { db: { password: { secure: "v1:abc" } } }
  meshwright:objects:
    - { apiVersion: v1, kind: ConfigMap, metadata: { name: open, namespace: shop }, data: { a: b } }
    - { apiVersion: v1, kind: ConfigMap, metadata: { name: closed, namespace: shop }, data: { a: { secure: "v1:abc" } } }
`,
    );
    const { code, stdout, stderr } = meshwright(['render', '-c', stack]);
    const kinds = [...stdout.matchAll(/^kind: (\w+)\nmetadata:\n {2}name: (\w+)/gm)].map(
      ([, kind, name]) => `${kind ?? ''} ${name ?? ''}`,
    );
    assert.deepEqual(
      [code, kinds.filter((kind) => /ConfigMap|Secret/.test(kind)), /secret\]|encrypted/i.test(stdout)],
      [0, ['ConfigMap open'], false],
    );
    assert.deepEqual(
      stderr.split('\n').filter((line) => line.startsWith('left out')),
      [
        'left out: Secret shop/db, since meshwright:apps.shop.secrets.db is encrypted',
        'left out: ConfigMap shop/closed, since meshwright:objects[1] is encrypted',
      ],
    );
  });
});
