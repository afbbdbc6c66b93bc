import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import path from 'node:path';
import { LabError } from '../errors';
import { withLock } from '../lock';
import { Steps } from '../progress';
import type { Log } from '../types';
import type { Cache } from './cache';
import { goLong } from './go';
import { pinnedVersion } from './pins';
import { programs } from './programs';
import type { ProgramName } from './programs';
import { askVersion } from './version';

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
  values.push(`sigs.k8s.io/kwok/pkg/consts.Version=${await pinnedVersion('sigs.k8s.io/kwok')}`);
  return ['-s', '-w', ...values.map((value) => `-X=${value}`)].join(' ');
}

/** Nobody debugs these programs, and most of what is compiled of Kubernetes is never run here: a compiler that neither describes code to debuggers nor inlines functions takes a quarter less time. */
const compilerFlags = ['-gcflags=all=-dwarf=false', '-gcflags=k8s.io/...=-dwarf=false -l'];

/** As long as there is memory for it compilers need not collect their garbage; two or more run at a time. */
function compilerMemory(): NodeJS.ProcessEnv {
  const { GOGC = '1000', GOMEMLIMIT = String(Math.floor(totalmem() / 4)) } = process.env;
  return { GOGC, GOMEMLIMIT };
}

/** The name `go build` gives the program of a package: its last element that is not a major version. */
export function builtName(packagePath: string): string {
  return path.basename(packagePath.replace(/\/v\d+$/, ''));
}

async function compile(names: readonly ProgramName[], draft: string, log: Log): Promise<void> {
  const steps = new Steps(log, 3);
  const packages = names.map((name) => programs[name].package);
  let count = 0;
  const listed = await steps.run(
    'fetching Go modules',
    () => goLong(['list', '-mod=readonly', '-deps', ...packages], { onTalk: () => (count += 1) }),
    () => `${count} so far`,
  );
  count = 0;
  // One go build for all: what several programs share compiles once.
  const args = [
    'build',
    '-mod=readonly',
    '-trimpath',
    '-v',
    ...compilerFlags,
    '-ldflags',
    await linkerFlags(),
    '-o',
    `${draft}/`,
    ...packages,
  ];
  await steps.run(
    `compiling ${names.join(', ')}`,
    () => goLong(args, { env: compilerMemory(), onTalk: () => (count += 1) }),
    () => `${count} of at most ${listed.length} packages`,
  );
  await steps.run('trying them', async () => {
    for (const name of names) {
      const file = path.join(draft, name);
      await rename(path.join(draft, builtName(programs[name].package)), file);
      if ((await askVersion(file, programs[name])) === undefined)
        throw new LabError(`${name} was built but does not run.`);
    }
  });
  log(`lab: built in ${steps.elapsed}`);
}

/** Builds the programs that the cache lacks. Others who need them meanwhile wait, and then find them. */
export async function build(names: readonly ProgramName[], cache: Cache, log: Log): Promise<void> {
  const lacking = () => names.filter((name) => !existsSync(path.join(cache.bin, name)));
  if (lacking().length === 0) return;
  const message = 'lab: another checkout is building the same programs, waiting for it';
  await withLock(cache.lock, { log, message }, async () => {
    const missing = lacking();
    if (missing.length === 0) return;
    log(
      `lab: building ${missing.join(', ')} from their official Go modules, once for all checkouts; takes some minutes`,
    );
    await rm(cache.drafts, { recursive: true, force: true }); // Of builders that were interrupted.
    await mkdir(cache.drafts, { recursive: true });
    await mkdir(cache.bin, { recursive: true });
    const draft = await mkdtemp(path.join(cache.drafts, 'build-'));
    await compile(missing, draft, log);
    for (const name of missing) await rename(path.join(draft, name), path.join(cache.bin, name));
    await rm(cache.drafts, { recursive: true, force: true });
  });
}
