import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands, pages, type ShownCommand } from './support/docs';

const root = join(__dirname, '..');

/** Commands that run here, without a cluster. */
const here = [
  /^npx meshwright (samples|render|check|explain|diff)\b(?!.*(--context|--cluster))/,
  /^npx meshwright import k8s\//,
  /^npx meshwright init /,
  /^npm run check$/,
  /^git add rendered\/prod$/,
];

/** Commands that other tests run, and those that no test runs, with the reason. */
const elsewhere: [RegExp, string][] = [
  [
    /^npm start$|^npx meshwright down( --yes)?$|^npx meshwright lab (status|down|down --purge)$/,
    'test/real/lab/command.spec.ts',
  ],
  [/^(export KUBECONFIG=.*|kubectl get pods -A|kubectl .* (logs|port-forward) .*)$/, 'test/real/lab/command.spec.ts'],
  [
    /^PROXY=|^curl --proxy http:\/\/(ratings-v1\.bookinfo@)?\$PROXY http:\/\/(productpage|reviews)\S*:9080\//,
    'test/real/lab/command.spec.ts',
  ],
  [/^npm start -- --refresh$/, 'test/cli/start/deploy.spec.ts'],
  [
    /^npm start -- --stack shop$|^curl http:\/\/127\.0\.0\.1:30080\/cart$/,
    'like the first start, test/real/lab/command.spec.ts',
  ],
  [
    /^(npm start --|npx meshwright (traffic|down)).*--sample|^GATEWAY=|^H=|\$GATEWAY|\$PROXY|<port>|127\.0\.0\.1:31380|^…$|^kubectl get pods$/,
    'test/real/scenarios',
  ],
  [/^npx meshwright traffic/, 'test/real/scenarios'],
  [/^npx meshwright (live|doctor)/, 'test/real/doctor.spec.ts'],
  [/^npx meshwright (shift|undo)/, 'test/real/shift/shift.spec.ts'],
  [/^npx meshwright promote/, 'test/cli/shift/promotion.spec.ts'],
  [/^npx meshwright release/, 'test/real/pulumi/adopt.spec.ts'],
  [/^npx meshwright adopt/, 'test/real/pulumi/adopt-command.spec.ts'],
  [/^npx meshwright import --context/, 'test/real/pulumi/import.spec.ts'],
  [/^npm (ci|test)$/, '.ci/run'],
  [/^npm run package$|^npm install( |$)|^npx meshwright-policy/, 'test/package/package.spec.ts'],
  [/^(pulumi preview|npx pulumi preview|npm run preview)/, 'test/real/package/languages.spec.ts'],
  [/^npx pulumi policy analyze/, 'test/real/package/programs.spec.ts'],
  [/^pulumi (plugin install|package add)/, 'test/real/package/languages.spec.ts'],
  [/^pulumi (up|destroy|config|stack|login)|^npm run up/, 'test/real/pulumi, by the automation API'],
  [/^pulumi config rm|^pulumi config set kubernetes:upsertExistingObjects/, 'test/real/pulumi/takeover.spec.ts'],
  [/^(kustomize|helm template) /, 'not run: needs kustomize or helm; test/cli/import reads what they print'],
  [
    /^(helm|kubectl) -n istio-system (history|rollback|delete)/,
    'not run: repairs a broken release; test/real/doctor.spec.ts plants one',
  ],
];

describe('commands in the docs', function () {
  this.timeout(180_000);
  const all: ShownCommand[] = pages
    .filter((page) => page !== 'CHANGELOG.md')
    .flatMap(commands)
    .map((one) => ({ ...one, command: one.command.replace(/^meshwright /, 'npx meshwright ') }));
  const isHere = ({ command }: ShownCommand): boolean => here.some((pattern) => pattern.test(command));

  it('run here, or in a test that is named, or are not run for a reason', () => {
    assert.ok(all.length > 100);
    const unknown = all.filter((one) => !isHere(one) && !elsewhere.some(([pattern]) => pattern.test(one.command)));
    assert.deepEqual(unknown, []);
    const unused = elsewhere.filter(([pattern]) => !all.some(({ command }) => pattern.test(command)));
    assert.deepEqual(unused, []);
    const missing = elsewhere.flatMap(([, place]) => /(?:test|\.ci)\/[\w./-]+/.exec(place) ?? []);
    assert.deepEqual(
      missing.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });

  it('that need no cluster are accepted as they are written', () => {
    const folder = project();
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}` };
    const own = all.filter(isHere).map(({ command }) => command);
    // What one command writes is removed, so that the next one finds the same project.
    const failed = [...new Set(own)].flatMap((command) => {
      const { status, stderr } = spawnSync('bash', ['-c', command], { cwd: folder, env, encoding: 'utf8' });
      rmSync(join(folder, '..', 'mesh'), { recursive: true, force: true });
      execFileSync('git', ['checkout', '--quiet', '.'], { cwd: folder });
      return status === 0 || status === 1 || status === 3 ? [] : [{ command, status, stderr }];
    });
    rmSync(join(folder, '..'), { recursive: true });
    assert.deepEqual(failed, []);
    assert.ok(own.length > 20);
  });
});

/** A project with the files that the docs name, in git, whose `npx` starts the command of the checkout. */
function project(): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'meshwright-commands-')), 'project');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  mkdirSync(join(folder, 'k8s'));
  for (const [name, source] of [
    ['Pulumi.dev.yaml', 'Pulumi.dev.yaml'],
    ['Pulumi.prod.yaml', 'Pulumi.dev.yaml'],
    ['Pulumi.staging.yaml', 'Pulumi.staging.yaml'],
    ['Pulumi.production.yaml', 'Pulumi.prod.yaml'],
    ['package.json', 'template/package.json'],
  ] as const)
    cpSync(join(root, source), join(folder, name));
  const shop = /^```yaml\n(# yaml-language-server[\s\S]*?)^```$/m.exec(
    readFileSync(join(root, 'docs/your-app.md'), 'utf8'),
  );
  writeFileSync(join(folder, 'Pulumi.shop.yaml'), shop?.[1] ?? '');
  const route = { hosts: ['cart'], http: [{ route: [{ destination: { host: 'cart', subset: 'v1' } }] }] };
  const metadata = { name: 'cart', namespace: 'shop' };
  const object = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata, spec: route };
  for (const file of ['route.yaml', 'k8s/route.yaml']) writeFileSync(join(folder, file), JSON.stringify(object));
  for (const [name, script] of [
    ['npx', '[ "$1" = meshwright ] && shift && exec meshwright "$@"'],
    ['meshwright', `exec '${process.execPath}' '${join(root, 'cli', 'bin.js')}' "$@"`],
  ] as const) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  const git = (...words: string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...words], { cwd: folder });
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'project');
  git('update-ref', 'refs/remotes/origin/main', 'HEAD');
  return folder;
}
