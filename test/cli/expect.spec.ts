import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { meshwright, reviewsStack, temporaryFolder } from './support';

const expectation = (share: number): string =>
  `  meshwright:expect:\n    - { request: reviews.bookinfo:9080/, to: reviews v3, share: ${share} }\n`;
const fails =
  'expected 25 % of the requests from workloads to reach reviews v3; instead: reviews.bookinfo v1 90 %, reviews.bookinfo v3 10 % (VirtualService bookinfo/reviews spec.http[0])';

describe('meshwright:expect', () => {
  const folder = temporaryFolder();
  const stack = (v3: number, share: number): string =>
    folder.file('Pulumi.expect.yaml', reviewsStack(`{ v1: rest, v3: ${v3} }`) + expectation(share));

  it('is silent if it holds', () => {
    const { code, stdout } = meshwright(['check', '-c', stack(10, 10), '--level', 'mandatory']);
    assert.deepEqual([code, /expect/.test(stdout)], [0, false]);
  });

  it('is a mandatory finding of check if it fails, with its key and line', () => {
    const file = stack(10, 25);
    const { code, stdout } = meshwright(['check', '-c', file, '--json', '--level', 'mandatory']);
    assert.deepEqual(
      [code, JSON.parse(stdout)],
      [
        1,
        {
          objects: 19,
          findings: [
            {
              rule: 'expect',
              level: 'mandatory',
              kind: 'Expectation',
              namespace: '',
              name: 'expect[0]',
              path: '',
              message: fails,
              source: { file, key: 'meshwright:expect[0]', line: 10 },
            },
          ],
          waived: [],
          undetermined: [],
        },
      ],
    );
  });

  it('makes render fail, and so an update', () => {
    const file = stack(10, 25);
    assert.deepEqual(meshwright(['render', '-c', file]), {
      code: 1,
      stdout: '',
      stderr: `${file} is refused, nothing was changed: 1 problem\n${file}:10:7 meshwright:expect[0]\n  ${fails} (expect)\n`,
    });
  });

  it('cannot tell what an EnvoyFilter changes: exit code 3, with --strict 1', () => {
    const filter =
      '  meshwright:objects:\n    - { apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: { name: f, namespace: bookinfo }, spec: { configPatches: [{ applyTo: HTTP_ROUTE, match: { context: SIDECAR_OUTBOUND }, patch: { operation: REMOVE } }] } }\n';
    const file = folder.file(
      'unknown.yaml',
      reviewsStack('{ v1: rest, v3: 10 }') + filter + expectation(10).replace('share', 'from: bookinfo, share'),
    );
    const ran = [[], ['--strict']].map((more) => meshwright(['check', '-c', file, ...more]));
    assert.deepEqual(
      ran.map(({ code }) => code),
      [3, 1],
    );
    assert.match(
      ran[0]?.stdout ?? '',
      /advisory {3}expect {2}meshwright:expect\[0\], line \d+\n {4}cannot tell: EnvoyFilter bookinfo\/f/,
    );
  });

  it('is judged by diff against a revision', () => {
    const repository = join(folder.path, 'repository');
    mkdirSync(repository);
    const write = (v3: number, share: number): void =>
      writeFileSync(join(repository, 'Pulumi.dev.yaml'), reviewsStack(`{ v1: rest, v3: ${v3} }`) + expectation(share));
    const git = (...words: string[]): unknown =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@t', ...words], {
        cwd: repository,
        stdio: 'ignore',
      });
    write(10, 25);
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'x');
    const unmet = meshwright(['diff', '--rev', 'HEAD'], { cwd: repository });
    assert.deepEqual(unmet, {
      code: 1,
      stdout: `No change in traffic.\n\nExpectations that do not hold\n  meshwright:expect[0]: ${fails}\n`,
      stderr: '',
    });
    write(10, 10);
    assert.deepEqual(meshwright(['diff', '--rev', 'HEAD'], { cwd: repository }), {
      code: 0,
      stdout: 'No change in traffic.\n',
      stderr: '',
    });
  });

  it('must state what it expects', () => {
    const file = folder.file(
      'broken.yaml',
      'config:\n  meshwright:expect:\n    - { request: a, to: b, status: 404 }\n    - { request: a }\n    - { request: a, to: b, share: 101 }\n',
    );
    const { code, stderr } = meshwright(['render', '-c', file]);
    assert.deepEqual(
      [code, stderr.split('\n').filter((line) => line.startsWith('  '))],
      [1, ['  must say either to or status', '  must say either to or status', '  must be a percentage from 0 to 100']],
    );
  });
});
