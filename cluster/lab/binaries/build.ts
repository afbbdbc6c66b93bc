import { existsSync } from 'node:fs';
import { copyFile, chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { version as sdkVersion } from '@pulumi/kubernetes/package.json';
import { z } from 'zod';
import { LabError } from '../errors';
import { withLock } from '../lock';
import { Steps, timeLeft } from '../progress';
import type { Log } from '../types';
import { makeCacheFolder, type Cache } from './cache';
import { go, goLong, moduleDir, providerDir } from './go';
import { pinnedVersion } from './pins';
import { programs, type Batch, type ProgramName } from './programs';
import { askVersion } from './version';

/** Version of Istio that its programs and charts are given: the module names only its line, 1.31. */
export const ISTIO_VERSION = '1.31.0';

/** The linker flags that tell programs their version: the API server's is otherwise v0.0.0, which charts refuse. */
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
    `istio.io/istio/pkg/version.buildVersion=${ISTIO_VERSION}`,
    `istio.io/istio/pkg/version.buildTag=${ISTIO_VERSION}`,
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
 * Cheaper compiling of what is never debugged and seldom run: no debugging information at all, no inlining in Kubernetes, and no
 * optimizing of the provider's generated SDK, which is a third of all there is to compile.
 */
const compilerFlags = [
  '-gcflags=all=-dwarf=false',
  '-gcflags=k8s.io/...=-dwarf=false -l',
  '-gcflags=github.com/pulumi/pulumi-kubernetes/sdk/...=-dwarf=false -l -N',
];

/** Prometheus without what finds its targets in clouds: the lab tells it its one target, and this is a third of it. */
const withoutDiscovery = ['-tags=remove_all_sd'];

/** As long as there is memory for it compilers need not collect their garbage; two or more run at a time. */
function compilerMemory(): NodeJS.ProcessEnv {
  const { GOGC = '1000', GOMEMLIMIT = String(Math.floor(totalmem() / 4)) } = process.env;
  return { GOGC, GOMEMLIMIT };
}

/** The name `go build` gives the program of a package: its last element that is not a major version. */
export function builtName(packagePath: string): string {
  return path.basename(packagePath.replace(/\/v\d+$/, ''));
}

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
        onTalk: () => (count += 1),
      }),
    () => `${count} so far`,
  );
  count = 0;
  // One go build for all: what several programs share compiles once.
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
    () => goLong(args, { cwd, env: compilerMemory(), onTalk: () => (count += 1) }),
    () =>
      [`${count} of at most ${listed.length} packages`, timeLeft(count, listed.length, Date.now() - began)]
        .filter((part) => part !== '')
        .join(', '),
  );
  await steps.run('trying them', async () => {
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

/** Folder of a pinned module's files. */
export async function moduleFolder(module: string, cwd = moduleDir): Promise<string> {
  const download = await go('to build the lab', ['mod', 'download', '-json', module], cwd);
  return downloadSchema.parse(JSON.parse(download)).Dir;
}

/** The provider reads its schema from the folder of its executable. */
async function copySchema(folder: string): Promise<void> {
  const module = await moduleFolder('github.com/pulumi/pulumi-kubernetes/provider/v4', providerDir);
  const file = path.join(folder, 'pulumi-kubernetes-schema.json');
  await copyFile(path.join(module, 'cmd', 'pulumi-resource-kubernetes', 'schema.json'), file);
  await chmod(file, 0o644);
}

/** Builds the programs of a batch that the cache lacks. Others who need them meanwhile wait, and then find them. */
export async function build(batch: Batch, names: readonly ProgramName[], cache: Cache, log: Log): Promise<void> {
  const lacking = () => names.filter((name) => !existsSync(path.join(cache.bin, name)));
  if (lacking().length === 0) return;
  await makeCacheFolder(cache.bin);
  const message = 'lab: another checkout is building the same programs, waiting for it';
  await withLock(cache.lock, { log, message }, async () => {
    const missing = lacking();
    if (missing.length === 0) return;
    log(`lab: building ${missing.join(', ')} from their official Go modules, once for all checkouts`);
    await rm(cache.drafts, { recursive: true, force: true }); // Of builders that were interrupted.
    await makeCacheFolder(cache.drafts);
    const draft = await mkdtemp(path.join(cache.drafts, 'build-'));
    await compile(batch, missing, draft, log);
    if (batch === 'kubernetes-provider') {
      const schema = 'pulumi-kubernetes-schema.json';
      await rename(path.join(draft, schema), path.join(cache.bin, schema));
    }
    for (const name of missing) await rename(path.join(draft, name), path.join(cache.bin, name));
    await rm(cache.drafts, { recursive: true, force: true });
  });
}
