import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Lab } from '../../../cluster/lab';
import { version } from '../../../package.json';
import { installIstioCrds } from '../../cluster/lab/istio-crds';
import { sharedLab } from '../../cluster/lab/support';
import { install, packed, type archives } from '../../package/installed';

export const checkout = resolve(__dirname, '..', '..', '..');

export interface Ran {
  steps: string[];
  messages: string[];
  outputs: Record<string, { value: unknown }>;
  failure?: string;
}

/** Asserts that the example of routes was previewed, created as previewed, and destroyed. */
export function assertExample(
  { preview, up, destroy }: Record<'preview' | 'up' | 'destroy', Ran | undefined>,
  made: readonly string[],
): void {
  assert.deepEqual([preview?.failure, preview?.steps], [undefined, made]);
  assert.deepEqual([up?.failure, up?.steps], [undefined, made]);
  assert.deepEqual(up?.outputs['weights']?.value, { orders: { v1: 90, v2: 10 } });
  assert.equal(destroy?.failure, undefined);
}

/** A folder outside the checkout, with the packed npm package and the lab. */
export class Outside {
  private constructor(
    readonly folder: string,
    readonly files: typeof archives,
    readonly lab: Lab,
  ) {}

  static async prepare(): Promise<Outside> {
    const files = await packed();
    const lab = await sharedLab();
    await installIstioCrds(lab);
    const folder = mkdtempSync(join(tmpdir(), 'meshwright-outside-'));
    install(files.meshwright, folder, ['typescript', '@types/node']);
    cpSync(join(checkout, 'test', 'package', 'run-program.js'), join(folder, 'run-program.js'));
    return new Outside(folder, files, lab);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A new folder in it. */
  project(name: string): string {
    return mkdtempSync(join(this.folder, `${name}-`));
  }

  /** What `npx` and npm's scripts put on PATH. */
  get bins(): string {
    return join(this.folder, 'node_modules', '.bin');
  }

  /** Runs a command with an empty folder in place of the checkout, where the system allows that. */
  hidden(words: string[], env: NodeJS.ProcessEnv, cwd = this.folder): string {
    const canHide = spawnSync('unshare', ['--mount', 'true']).status === 0;
    if (!canHide) console.log('      the checkout is visible to the program: this user may not mount');
    const script = `mount -t tmpfs none '${checkout}' && exec "$@"`;
    const [command = '', ...args] = canHide ? ['unshare', '--mount', 'sh', '-c', script, 'sh', ...words] : words;
    const { status, stdout, stderr } = spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 2 ** 26 });
    assert.equal(status, 0, `${stderr}${stdout}`);
    return stdout;
  }

  /** @param plugins - folders of plugins on PATH, besides that of the Kubernetes provider */
  environment(plugins: string[], more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const { programs, kubeconfig } = this.lab;
    const folders = [...plugins, dirname(programs['pulumi-resource-kubernetes']), dirname(process.execPath)];
    return {
      PATH: [...folders, '/usr/bin', '/bin'].join(delimiter),
      HOME: this.folder,
      KUBECONFIG: kubeconfig,
      PULUMI_PROGRAM: programs.pulumi,
      PULUMI_CONFIG_PASSPHRASE: '',
      PULUMI_SKIP_UPDATE_CHECK: 'true',
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
      ...more,
    };
  }

  /** Runs operations, such as `preview` and `up`, on a program with Pulumi's engine. */
  run(program: string, operations: string[], env: NodeJS.ProcessEnv): Ran[] {
    const words = [process.execPath, join(this.folder, 'run-program.js'), program, ...operations];
    return this.hidden(words, env)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Ran);
  }

  /** Installs the package into a new project, and previews its stack dev with the pack, on the lab. */
  previewNewProject(project: string): Ran {
    install(this.files.meshwright, project);
    const file = join(project, 'Pulumi.dev.yaml');
    const stack = parse(readFileSync(file, 'utf8')) as { config: Record<string, unknown> };
    stack.config['kubernetes:context'] = this.lab.context;
    stack.config['meshwright:istio'] = { charts: { path: this.lab.charts } };
    writeFileSync(file, stringify(stack));
    cpSync(join(this.folder, 'run-program.js'), join(project, 'run-program.js'));
    const pack = join(project, 'node_modules', 'meshwright', 'policy', 'direct');
    const words = [process.execPath, join(project, 'run-program.js'), 'index.js', 'preview'];
    return JSON.parse(this.hidden(words, this.environment([], { POLICY_PACK: pack }), project)) as Ran;
  }

  /** Installs the packed plugins as a user does. */
  installPlugins(env: NodeJS.ProcessEnv): void {
    for (const name of ['meshwright', 'meshwright-routes'] as const) {
      const words = ['plugin', 'install', 'resource', name, version, '--file', this.files[`pulumi-resource-${name}`]];
      execFileSync(this.lab.programs.pulumi, words, { env, cwd: this.folder, stdio: ['ignore', 'ignore', 'pipe'] });
    }
  }

  /** Folder with programs of a Go module in hosts/. */
  built(module: string, ...packages: string[]): string {
    const folder = join(this.folder, 'hosts', module);
    mkdirSync(folder, { recursive: true });
    const words = ['build', '-mod=readonly', '-trimpath', '-ldflags=-s -w', '-o', `${folder}/`, ...packages];
    execFileSync('go', words, { cwd: join(__dirname, 'hosts', module), stdio: ['ignore', 'ignore', 'inherit'] });
    return folder;
  }

  /** Folder with Pulumi's language hosts for Node and Python. */
  languageHosts(): string {
    const commands = ['nodejs/cmd/pulumi-language-nodejs', 'python/cmd/pulumi-language-python'];
    const library = 'github.com/pulumi/pulumi/sdk/v3';
    const folder = this.built('sdk', ...commands.map((command) => `${library}/${command}`));
    const source = execFileSync('go', ['list', '-m', '-f', '{{.Dir}}', library], {
      cwd: join(__dirname, 'hosts', 'sdk'),
      encoding: 'utf8',
    }).trim();
    const script = 'pulumi-language-python-exec';
    cpSync(join(source, 'python', 'cmd', script), join(folder, script));
    chmodSync(join(folder, script), 0o755);
    return folder;
  }
}
