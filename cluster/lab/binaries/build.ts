import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { version as sdkVersion } from '@pulumi/kubernetes/package.json';
import * as z from 'zod';
import { withLock } from '../lock';
import { LabError, type Log } from '../types';
import { type Cache, damagedFiles, makeCacheFolder, recordFiles } from './cache';
import { go, goLong, moduleDir, pinnedVersion, providerDir } from './go';
import { askVersion, type Batch, canRun, type ProgramName, programs } from './programs';

/** Version of Istio's programs and charts: the module has no release tag. */
export const istioVersion = '1.31.0';

/** Linker flags with the versions of the programs: otherwise the API server reports v0.0.0, which charts refuse. */
async function linkerFlags(): Promise<string> {
  const kubernetes = await pinnedVersion('k8s.io/kubernetes');
  const [major, minor] = kubernetes.replace('v', '').split('.');
  const values = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((name) => [
    `${name}.gitVersion=${kubernetes}`,
    `${name}.gitMajor=${major ?? ''}`,
    `${name}.gitMinor=${minor ?? ''}`,
    `${name}.gitTreeState=clean`,
  ]);
  values.push(
    `sigs.k8s.io/kwok/pkg/consts.Version=${await pinnedVersion('sigs.k8s.io/kwok')}`,
    `istio.io/istio/pkg/version.buildVersion=${istioVersion}`,
    `istio.io/istio/pkg/version.buildTag=${istioVersion}`,
    `github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${await pinnedVersion('github.com/pulumi/pulumi/pkg/v3')}`,
    `main.version=${sdkVersion}`,
    `github.com/prometheus/common/version.Version=${await prometheusVersion()}`,
  );
  return ['-s', '-w', ...values.map((value) => `-X=${value}`)].join(' ');
}

/** Prometheus 3.11.3 is version v0.311.3 of its module. */
async function prometheusVersion(): Promise<string> {
  const [, minor = '', patch = ''] = (await pinnedVersion('github.com/prometheus/prometheus')).split('.');
  return `3.${Number(minor) % 100}.${patch}`;
}

/**
 * Flags for a quicker build: no debugging information, no inlining in Kubernetes, and no optimization of the provider's generated SDK, which is a third of all packages.
 */
const compilerFlags = [
  '-gcflags=all=-dwarf=false',
  '-gcflags=k8s.io/...=-dwarf=false -l',
  '-gcflags=github.com/pulumi/pulumi-kubernetes/sdk/...=-dwarf=false -l -N',
];

/** Prometheus without service discovery in clouds, a third of its code: the lab has one fixed target. */
const withoutDiscovery = ['-tags=remove_all_sd'];

/** With enough memory the compilers need no garbage collection; two or more run at a time. */
function compilerMemory(): NodeJS.ProcessEnv {
  const { GOGC = '1000', GOMEMLIMIT = String(Math.floor(totalmem() / 4)) } = process.env;
  return { GOGC, GOMEMLIMIT };
}

/** The name that `go build` gives a program: the last element of the package path that is not a major version. */
export function builtName(packagePath: string): string {
  return path.basename(packagePath.replace(/\/v\d+$/, ''));
}

/** Compiles programs into a draft folder. */
async function compile(batch: Batch, names: readonly ProgramName[], draft: string, log: Log): Promise<void> {
  const cwd = batch === 'kubernetes-provider' ? providerDir : moduleDir;
  const steps = new Steps(log, 3);
  const packages = names.map((name) => programs[name].package);
  let count = 0;
  const listed = await steps.run(
    'fetching Go modules',
    () =>
      goLong(['list', '-mod=readonly', ...(batch === 'prometheus' ? withoutDiscovery : []), '-deps', ...packages], {
        cwd,
        onLine: () => (count += 1),
      }),
    () => `${count} so far`,
  );
  count = 0;
  // One go build for all, so that shared packages are compiled once.
  const args = [
    'build',
    '-mod=readonly',
    '-trimpath',
    '-v',
    ...(batch === 'prometheus' ? withoutDiscovery : []),
    ...compilerFlags,
    '-ldflags',
    await linkerFlags(),
    '-o',
    `${draft}/`,
    ...packages,
  ];
  const began = Date.now();
  await steps.run(
    `compiling ${names.join(', ')}`,
    () => goLong(args, { cwd, env: compilerMemory(), onLine: () => (count += 1) }),
    () =>
      [`${count} of at most ${listed.length} packages`, timeLeft(count, listed.length, Date.now() - began)]
        .filter((part) => part !== '')
        .join(', '),
  );
  await steps.run('testing them', async () => {
    for (const name of names) {
      const file = path.join(draft, name);
      const built = path.join(draft, builtName(programs[name].package));
      if (built !== file) await rename(built, file);
      const { version } = programs[name];
      if (version !== undefined && (await askVersion(file, version.args)) === undefined)
        throw new LabError(`${name} was built but does not run.`);
    }
    if (batch === 'kubernetes-provider') await copySchema(draft);
  });
  log(`lab: built in ${steps.elapsed}`);
}

const downloadSchema = z.object({ Dir: z.string() });

/** Folder with the files of a pinned module. */
export async function moduleFolder(module: string, cwd = moduleDir): Promise<string> {
  const download = await go('to build the lab', ['mod', 'download', '-json', module], cwd);
  return downloadSchema.parse(JSON.parse(download)).Dir;
}

const schema = 'pulumi-kubernetes-schema.json';

/** Files that a program reads from its own folder. */
function filesBeside(name: ProgramName): string[] {
  return name === 'pulumi-resource-kubernetes' ? [schema] : [];
}

async function copySchema(folder: string): Promise<void> {
  const module = await moduleFolder('github.com/pulumi/pulumi-kubernetes/provider/v4', providerDir);
  const file = path.join(folder, schema);
  await copyFile(path.join(module, 'cmd', 'pulumi-resource-kubernetes', 'schema.json'), file);
  await chmod(file, 0o644);
}

/** Builds the programs of a batch that the cache lacks, or that are damaged. Other processes that need them wait. */
export async function build(batch: Batch, names: readonly ProgramName[], cache: Cache, log: Log): Promise<boolean> {
  const lacking = async (): Promise<ProgramName[]> => {
    const damaged = await damagedFiles(cache.bin, { isUsable: canRun });
    const isMissing = (file: string): boolean => damaged.includes(file) || !existsSync(path.join(cache.bin, file));
    return names.filter((name) => [name, ...filesBeside(name)].some(isMissing));
  };
  if ((await lacking()).length === 0) return false;
  await makeCacheFolder(cache.bin);
  const message = 'lab: another checkout is building the same programs, waiting for it';
  return withLock(cache.lock, { log, message }, async () => {
    const missing = await lacking();
    if (missing.length === 0) return false;
    const damaged = missing.filter((name) => existsSync(path.join(cache.bin, name)));
    if (damaged.length > 0) log(`lab: damaged in the cache: ${damaged.join(', ')}`);
    log(`lab: building ${missing.join(', ')} from their official Go modules, once for all checkouts`);
    await rm(cache.drafts, { recursive: true, force: true }); // Of interrupted builds.
    await makeCacheFolder(cache.drafts);
    const draft = await mkdtemp(path.join(cache.drafts, 'build-'));
    await compile(batch, missing, draft, log);
    for (const file of missing.flatMap((name) => [...filesBeside(name), name])) {
      await rename(path.join(draft, file), path.join(cache.bin, file));
    }
    await recordFiles(cache.bin);
    await rm(cache.drafts, { recursive: true, force: true });
    return true;
  });
}

/** Time between two lines about a step, in milliseconds, where lines cannot be rewritten. */
const lineMs = 60_000;

/** `45 s`, `3 min 5 s`. */
function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Estimate of the remaining time; '' while too little is done for an estimate. */
function timeLeft(done: number, total: number, elapsedMs: number): string {
  if (total === 0 || done / total < 0.05 || done >= total) return '';
  const minutes = Math.ceil((elapsedMs / done) * (total - done)) / 60_000;
  return minutes < 1 ? 'less than a minute left' : `about ${Math.ceil(minutes)} min left`;
}

/**
 * Runs steps one after another, and reports the number, progress and duration of each. On a terminal one line is rewritten each second; elsewhere there is a line a minute.
 */
class Steps {
  readonly #started = Date.now();
  #done = 0;

  constructor(
    private readonly log: Log,
    private readonly total: number,
  ) {}

  /** @param progress - returns a detail to show, such as a count */
  async run<T>(title: string, work: () => Promise<T>, progress: () => string = () => ''): Promise<T> {
    this.#done += 1;
    const name = `lab: step ${this.#done} of ${this.total}: ${title}`;
    const rewrite = this.log.rewrite;
    this.log(name);
    const began = Date.now();
    const line = (): string =>
      [name, progress(), duration(Date.now() - began)].filter((part) => part !== '').join(', ');
    const timer = setInterval(() => (rewrite ?? this.log)(line()), rewrite === undefined ? lineMs : 1000);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      rewrite?.('');
    }
  }

  get elapsed(): string {
    return duration(Date.now() - this.#started);
  }
}
