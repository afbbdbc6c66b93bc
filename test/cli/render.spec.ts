import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { renderMesh } from '../../mesh/manifests/mesh';
import { loadStackFile } from '../../config/file';
import { meshwright, reviewsStack, temporaryFolder } from './support';

describe('meshwright render', () => {
  const folder = temporaryFolder();
  const file = folder.file(
    'stack.yaml',
    `${reviewsStack('{ v1: rest, v3: 0 }')}  meshwright:istio: { version: 1.29.1, hub: example.com/istio }\n`,
  );
  const objects = (): unknown[] => {
    const loaded = loadStackFile(file);
    if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('; '));
    return renderMesh(loaded.settings).objects.map(({ object }) => object);
  };

  it('prints every object of the mesh, and the releases as comments', () => {
    const { code, stdout } = meshwright(['render', '--config', file]);
    assert.equal(code, 0);
    const documents = parseAllDocuments(stdout).map((document) => document.toJS() as unknown);
    assert.deepEqual(documents, objects());
    assert.equal(
      stdout.slice(0, stdout.indexOf('---')),
      [
        '# Helm release istio-system/istio-base',
        '#   chart:   base from https://istio-release.storage.googleapis.com/charts',
        '#   version: 1.29.1',
        '#   values:  {}',
        '#',
        '# Helm release istio-system/istiod',
        '#   chart:   istiod from https://istio-release.storage.googleapis.com/charts',
        '#   version: 1.29.1',
        '#   values:',
        '#     global:',
        '#       hub: example.com/istio',
        '',
      ].join('\n'),
    );
  });

  it('keeps a weight of 0, and strings that look like numbers as strings', () => {
    const verbatim = `  meshwright:objects:\n    - { apiVersion: v1, kind: ConfigMap, metadata: { name: numbers, namespace: bookinfo, annotations: { id: "775" } }, data: { port: "1.0" } }\n`;
    const { stdout } = meshwright([
      'render',
      '--config',
      folder.file('strings.yaml', reviewsStack('{ v1: 100, v2: 0 }') + verbatim),
    ]);
    const documents = parseAllDocuments(stdout).map((document) => document.toJS() as { kind: string; spec: unknown });
    assert.deepEqual(
      documents.find(({ kind }) => kind === 'ConfigMap'),
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'numbers', namespace: 'bookinfo', annotations: { id: '775' } },
        data: { port: '1.0' },
      },
    );
    assert.deepEqual(documents.find(({ kind }) => kind === 'VirtualService')?.spec, {
      hosts: ['reviews'],
      http: [
        {
          route: [
            { destination: { host: 'reviews', subset: 'v1' }, weight: 100 },
            { destination: { host: 'reviews', subset: 'v2' }, weight: 0 },
          ],
        },
      ],
    });
  });

  it('prints the same output every time', () => {
    assert.equal(meshwright(['render', '--config', file]).stdout, meshwright(['render', '--config', file]).stdout);
  });

  describe('-o FOLDER', () => {
    const output = join(folder.path, 'out');
    const written = (): string[] =>
      readdirSync(output, { recursive: true, encoding: 'utf8' })
        .filter((path) => path.endsWith('.yaml'))
        .sort();

    it('writes one file per object, with the key it comes from, and removes files of objects that left the stack', () => {
      assert.equal(meshwright(['render', '--config', file, '-o', output]).code, 0);
      const route = readFileSync(join(output, 'bookinfo/virtualservice.networking.istio.io/reviews.yaml'), 'utf8');
      assert.equal(route.split('\n')[0], '# VirtualService bookinfo/reviews, from meshwright:routes.bookinfo.reviews');
      assert.deepEqual((parse(route) as { metadata: unknown }).metadata, { name: 'reviews', namespace: 'bookinfo' });
      const before = written();
      const smaller = folder.file(
        'smaller.yaml',
        'config:\n  meshwright:namespaces: { bookinfo: { injection: true } }\n',
      );
      assert.equal(meshwright(['render', '--config', smaller, '-o', output]).code, 0);
      assert.deepEqual(written(), ['_cluster/namespace/bookinfo.yaml']);
      assert.equal(before.length, objects().length + 2);
      assert.equal(existsSync(join(output, 'istio-system')), false);
    });

    it('refuses a folder with other files, and does not change it', () => {
      writeFileSync(join(folder.path, 'mine.txt'), 'mine');
      assert.deepEqual(meshwright(['render', '--config', file, '-o', folder.path]), {
        code: 2,
        stdout: '',
        stderr: `${folder.path} is not empty and was not written by meshwright render: name an empty or a new folder. Nothing was written.\n`,
      });
      assert.equal(existsSync(join(folder.path, '_cluster')), false);
    });
  });

  it('--charts without helm says so with exit code 2', () => {
    const { code, stdout, stderr } = meshwright(['render', '--config', file, '--charts'], {
      env: { ...process.env, PATH: '' },
    });
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' });
    assert.match(stderr, /The charts could not be rendered:\n {2}helm could not be run: /);
  });
});
