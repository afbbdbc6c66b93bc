import assert from 'node:assert/strict';
import { meshwright, temporaryFolder } from './support';

const route = (sum: number): string => `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 90 }
        - { destination: { host: reviews, subset: v3 }, weight: ${sum - 90} }
`;

const message = (sum: number, scaled: string): string =>
  `weights must sum to 100, these sum to ${sum} (v1 90, v3 ${sum - 90}); Istio would scale them to ${scaled}`;
const rules = ['--level', 'mandatory'];

describe('meshwright check', () => {
  const folder = temporaryFolder();

  it('finds nothing in sound objects: exit code 0', () => {
    const file = folder.file('sound.yaml', route(100));
    assert.deepEqual(meshwright(['check', file, ...rules]), {
      code: 0,
      stdout: 'No findings in 1 object\n',
      stderr: '',
    });
  });

  it('names the file and the line of what it finds: exit code 1', () => {
    const file = folder.file('bad.yaml', `${route(100)}---${route(110).replace('name: reviews', 'name: other')}`);
    const { code, stdout } = meshwright(['check', file, ...rules, '--json']);
    const { objects, findings } = JSON.parse(stdout) as { objects: number; findings: unknown[] };
    assert.equal(code, 1);
    assert.equal(objects, 2);
    assert.deepEqual(
      findings.filter((finding) => (finding as { rule: string }).rule === 'weight-sum-100'),
      [
        {
          rule: 'weight-sum-100',
          level: 'mandatory',
          kind: 'VirtualService',
          namespace: 'bookinfo',
          name: 'other',
          path: 'spec.http[0].route',
          message: message(110, 'v1 81.8 %, v3 18.2 %'),
          istio: 'IST0106',
          source: { file, line: 18 },
        },
      ],
    );
  });

  it('reads JSON, Lists and stdin', () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } },
      ],
    };
    const ran = meshwright(['check', '-', ...rules], { input: JSON.stringify(list) });
    assert.deepEqual(ran, { code: 0, stdout: 'No findings in 2 objects\n', stderr: '' });
  });

  it('checks each document independently with --each, one line of JSON for each', () => {
    const file = folder.file('each.yaml', `${route(100)}---${route(110)}`);
    const { code, stdout } = meshwright(['check', '--each', file, ...rules]);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { document: number; object: string; findings: { rule: string }[] });
    assert.equal(code, 1);
    assert.deepEqual(
      lines.map(({ document, object, findings }) => [document, object, findings.map(({ rule }) => rule)]),
      [
        [1, 'networking.istio.io/VirtualService/bookinfo/reviews', []],
        [2, 'networking.istio.io/VirtualService/bookinfo/reviews', ['weight-sum-100']],
      ],
    );
  });

  it('judges a stack, and names the key that creates the object', () => {
    const stack = folder.file(
      'Pulumi.check.yaml',
      `config:\n  meshwright:namespaces: { bookinfo: {} }\n  meshwright:objects:\n    - ${route(110).trim().replaceAll('\n', '\n      ')}\n`,
    );
    const { code, stdout } = meshwright(['check', '--config', stack, ...rules]);
    assert.equal(code, 1);
    assert.match(stdout, /weight-sum-100 IST0106 {2}spec\.http\[0\]\.route, meshwright:objects\[0\], line 4\n/);
  });

  it('takes levels from a file of options', () => {
    const options = folder.file('options.yaml', 'rules: { weight-sum-100: off }\n');
    const file = folder.file('off.yaml', route(110));
    assert.equal(meshwright(['check', file, '--options', options, ...rules]).code, 0);
  });

  for (const [title, words, told] of [
    ['both a stack and files', ['--stack', 'dev', 'a.yaml'], 'Name either a stack or files, not both.\n'],
    ['--each without files', ['--each'], '--each checks the documents of files: name some, or - for stdin.\n'],
    [
      'options for a stack',
      ['--options', 'a.yaml', '--sample', '003'],
      '--options is for files of objects; a stack file has its own section, meshwright:policy.\n',
    ],
    [
      'a file that is not there',
      ['nowhere.yaml'],
      'Broken input, nothing was read:\n  nowhere.yaml: no such file or folder\n',
    ],
  ] as const) {
    it(`refuses ${title}: exit code 2, nothing on stdout`, () => {
      assert.deepEqual(meshwright(['check', ...words]), { code: 2, stdout: '', stderr: told });
    });
  }

  it('refuses an alias inside its own anchor, in files and in options', () => {
    const endless = 'alias *a refers to an anchor that contains it; write the value out instead';
    const objects = folder.file('endless.yaml', `${route(100)}---\nkind: &a { b: [*a] }\n`);
    assert.deepEqual(meshwright(['check', objects]), {
      code: 2,
      stdout: '',
      stderr: `Broken input, nothing was read:\n  ${objects}:12:16: ${endless}\n`,
    });
    const options = folder.file('endless-options.yaml', 'mesh: { meshConfig: &a { b: *a } }\n');
    assert.deepEqual(meshwright(['check', folder.file('fine.yaml', route(100)), '--options', options]), {
      code: 2,
      stdout: '',
      stderr: `${options} cannot be read:\n  ${options}:1:29: ${endless}\n`,
    });
  });

  it('lists everything that is wrong with its options', () => {
    const options = folder.file('wrong.yaml', 'rules: { weight-sum-100: on }\nexternal: {}\n');
    const { code, stdout, stderr } = meshwright(['check', folder.file('any.yaml', route(100)), '--options', options]);
    assert.deepEqual([code, stdout], [2, '']);
    assert.deepEqual(
      stderr.split('\n').map((line) => line.trim().split(':')[0]),
      [`${options} has no valid check options`, 'rules.weight-sum-100', 'Unrecognized key', ''],
    );
  });
});
