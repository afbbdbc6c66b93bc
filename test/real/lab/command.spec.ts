import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { projectRoot } from '../../../runtime/project-root';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { commands } from '../../support/docs';
import { stepByStep } from '../../support/step-by-step';

/** What a copy of the project is made without. */
const notCopied = ['.git', '.lab', 'docs', 'node_modules', 'test'];

/** `npm start` as users run it: the bundled command, in its own checkout with its own lab. */
describe('npm start in a checkout', function () {
  this.timeout(300_000);
  stepByStep(this);
  const checkout = join(realpathSync(mkdtempSync(join(tmpdir(), 'meshwright-checkout-'))), 'it');
  const stackFile = join(checkout, 'Pulumi.dev.yaml');

  before(() => {
    const filter = (source: string): boolean =>
      !notCopied.includes(basename(source)) || source.includes('node_modules/');
    cpSync(projectRoot, checkout, { recursive: true, filter });
    symlinkSync(join(projectRoot, 'node_modules'), join(checkout, 'node_modules'));
  });

  after(async function () {
    await run('lab', 'down', '--purge');
    rmSync(join(checkout, '..'), { recursive: true, force: true });
  });

  /** Runs the command. Returns what it printed to stdout. */
  const run = (...words: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [join(checkout, 'cli', 'bin.js'), ...words], { cwd: checkout });
      const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
      child.once('error', reject);
      child.once('close', (code) => {
        const output = Buffer.concat(stdout).toString('utf8');
        if (code === 0) resolve(output);
        else
          reject(
            new Error(
              `meshwright ${words.join(' ')} ended with ${code}:\n${output}\n${Buffer.concat(stderr).toString('utf8')}`,
            ),
          );
      });
    });

  /** The lines of a section of the output, without its title. */
  const section = (output: string, title: string): string[] =>
    new RegExp(`^${title}\\n((?:.+\\n)*)`, 'm').exec(output)?.[1]?.trimEnd().split('\n') ?? [];

  it('brings up the lab, deploys the default stack and shows that requests follow the weights', async function () {
    this.timeout(START_TIMEOUT_MS);
    const output = await run('start');
    assert.deepEqual(section(output, 'Plan').at(-1), '31 to create, 0 to change, 0 to remove, 0 unchanged');
    assert.match(section(output, 'Observed').join('\n'), /^ {2}bookinfo\/reviews .* within the 99\.9 % bound$/);
    const page = /http:\/\/127\.0\.0\.1:\d+\/productpage/.exec(section(output, 'Open').join('\n'))?.[0] ?? '';
    const response = await fetch(page);
    assert.equal(response.status, 200);
    assert.match(await response.text(), /<title>Simple Bookstore App<\/title>/);
  });

  it('takes the commands of docs/lab.md for kubectl and for requests', async () => {
    const kubectl = await run('lab', 'up');
    const shown = commands('docs/lab.md').map(({ command }) => command);
    const used = shown.filter((command) => /^(export|kubectl|PROXY|curl)/.test(command));
    assert.equal(used.length, 7);
    // A port-forward ends when it is stopped.
    const script = used.map((command) =>
      command.replace(/^(kubectl .* port-forward .*)$/, 'timeout 3 $1 || [ $? = 124 ]'),
    );
    const env = {
      ...process.env,
      PATH: `${dirname(/\S*\/kubectl\b/.exec(kubectl)?.[0] ?? '')}:${process.env['PATH'] ?? ''}`,
    };
    const { status, stdout, stderr } = spawnSync('bash', ['-ec', script.join('\n')], {
      cwd: checkout,
      env,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    for (const part of [
      /^bookinfo +reviews-v1-\S+ +(1\/1|2\/2) /m,
      /^\[\d{4}-\d\d-\d\d /m,
      /Forwarding from/,
      /<title>/,
      /"reviewer"/,
    ])
      assert.match(stdout, part);
  });

  it('says what moves when a weight changes, and changes one object', async () => {
    const text = readFileSync(stackFile, 'utf8');
    const changed = text.replace('v3: 10 #', 'v3: 25 #');
    assert.notEqual(changed, text);
    writeFileSync(stackFile, changed);
    const output = await run('start');
    assert.deepEqual(section(output, 'Plan'), [
      '~ VirtualService bookinfo/reviews',
      '    spec.http[1].route[0].weight: 90 -> 75',
      '    spec.http[1].route[1].weight: 10 -> 25',
      '0 to create, 1 to change, 0 to remove, 30 unchanged',
    ]);
    assert.match(section(output, 'Traffic').join('\n'), /: 15 % moves$/m);
    assert.match(section(output, 'Observed').join('\n'), /configured v1 75 %, v3 25 % .* within the 99\.9 % bound$/);
  });

  it('changes nothing the second time', async () => {
    assert.deepEqual(section(await run('start'), 'Plan'), ['no changes (31 objects)']);
  });

  it('removes what it has made', async () => {
    assert.match(await run('down', '--yes'), /^30 removed in \d+ s$/m);
  });
});
