import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

const checkout = resolve(__dirname, '..', '..');

describe('workflows of GitHub Actions', function () {
  this.timeout(180_000);
  let folder: string;

  before(() => (folder = mkdtempSync(join(tmpdir(), 'meshwright-workflows-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('have no findings of actionlint, in the docs too', () => {
    const linter = join(folder, 'actionlint');
    const words = ['build', '-mod=readonly', '-trimpath', '-o', linter, 'github.com/rhysd/actionlint/cmd/actionlint'];
    execFileSync('go', words, { cwd: join(__dirname, 'actionlint'), stdio: ['ignore', 'ignore', 'inherit'] });
    const own = ['.github/workflows', 'template/.github/workflows'].flatMap((path) =>
      readdirSync(join(checkout, path)).map((file) => join(checkout, path, file)),
    );
    const shown = readFileSync(join(checkout, 'docs', 'pull-requests.md'), 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms);
    const inDocs = [...shown]
      .map(([, text = '']) => text)
      .filter((text) => text.includes('runs-on:'))
      .map((text, index) => {
        const file = join(folder, `docs-${index}.yml`);
        writeFileSync(file, text);
        return file;
      });
    assert.deepEqual([own.length, inDocs.length], [3, 2]);
    const { status, stdout, stderr } = spawnSync(linter, [...own, ...inDocs], { encoding: 'utf8' });
    assert.deepEqual([status, stdout, stderr], [0, '', '']);
  });

  it('can use the step of action.yml, which fails on a mandatory finding and writes a report', () => {
    const action = parse(readFileSync(join(checkout, 'action.yml'), 'utf8')) as {
      runs: { steps: { shell: string; run: string }[] };
    };
    const [step] = action.runs.steps;
    assert.equal(step?.shell, 'bash');
    writeFileSync(join(folder, 'step.sh'), step.run);
    const route = (weight: number): string =>
      JSON.stringify({
        ...{ apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: 'a', namespace: 'b' } },
        spec: { hosts: ['a'], http: [{ route: [{ destination: { host: 'a' }, weight }] }] },
      });
    const ran = (weight: number): unknown => {
      writeFileSync(join(folder, 'route.json'), route(weight));
      // As GitHub's runner starts the shell `bash`.
      const { status } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', join(folder, 'step.sh')], {
        cwd: folder,
        env: {
          ...process.env,
          ...{ ACTION: checkout, FILES: 'route.json', ARGUMENTS: '--format sarif --level mandatory' },
          OUTPUT: 'report.sarif',
        },
      });
      const { runs } = JSON.parse(readFileSync(join(folder, 'report.sarif'), 'utf8')) as {
        runs: { results: { ruleId: string }[] }[];
      };
      return [status, runs.flatMap(({ results }) => results.map(({ ruleId }) => ruleId))];
    };
    assert.deepEqual(
      [ran(100), ran(-1)],
      [
        [0, []],
        [1, ['weight-range']],
      ],
    );
  });
});
