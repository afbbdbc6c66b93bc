import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { devNull } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** The processes of a lab, in the order in which they start. */
export const labProcessNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'lab-node',
  'prometheus',
] as const;

export type LabProcessName = (typeof labProcessNames)[number];

/** Every program of a lab, except Envoy. */
export const programNames = [
  ...labProcessNames,
  'kubectl',
  'pilot-discovery',
  'pulumi',
  'pulumi-resource-kubernetes',
] as const;

export type ProgramName = (typeof programNames)[number];

/** Major and minor version. */
type MinorVersion = readonly [major: number, minor: number];

/** Programs that one `go build` compiles, because they use the same module versions. */
export type Batch = 'kubernetes-and-istio' | 'kubernetes-provider' | 'node' | 'prometheus';

interface Program {
  readonly batch: Batch;
  /** Go package of its main function. */
  readonly package: string;
  /** Which versions on PATH will do. Undefined for the project's own programs, which are always built. */
  readonly version?: {
    /** Oldest usable version. */
    readonly oldest: MinorVersion;
    /** Why older ones do not work. */
    readonly because: string;
    /** Arguments to print its version. */
    readonly args: readonly string[];
  };
}

function program(
  name: string,
  oldest: MinorVersion,
  because: string,
  args: readonly string[] = ['--version'],
): Program {
  return { batch: 'kubernetes-and-istio', package: name, version: { oldest, because, args } };
}

const CRD_RULES = "Istio's CRDs need the validation rules of Kubernetes 1.30";

export const programs: Readonly<Record<ProgramName, Program>> = {
  etcd: program('go.etcd.io/etcd/server/v3', [3, 5], 'the API server needs etcd 3.5'),
  'kube-apiserver': program('k8s.io/kubernetes/cmd/kube-apiserver', [1, 30], CRD_RULES),
  'kube-controller-manager': program('k8s.io/kubernetes/cmd/kube-controller-manager', [1, 30], CRD_RULES),
  'kube-scheduler': program('k8s.io/kubernetes/cmd/kube-scheduler', [1, 30], CRD_RULES),
  kwok: program('sigs.k8s.io/kwok/cmd/kwok', [0, 5], 'older ones lack some of the flags in use'),
  kubectl: program('k8s.io/kubernetes/cmd/kubectl', [1, 27], 'older ones are untested', ['version', '--client']),
  'pilot-discovery': program(
    'istio.io/istio/pilot/cmd/pilot-discovery',
    [1, 31],
    'it has to fit the charts of Istio 1.31',
    ['version'],
  ),
  pulumi: program('github.com/pulumi/pulumi/pkg/v3/cmd/pulumi', [3, 248], "it has to be as new as the project's SDK", [
    'version',
  ]),
  prometheus: {
    batch: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    version: { oldest: [2, 40], because: 'older ones are untested', args: ['--version'] },
  },
  'pulumi-resource-kubernetes': { batch: 'kubernetes-provider', package: 'meshwright/lab/kubernetes-provider' },
  'lab-node': { batch: 'node', package: 'meshwright/lab/cmd/lab-node' },
};

/** Kubernetes supports these together only in one minor version. */
const controlPlane = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

const run = promisify(execFile);

/** The first version in a program's output, such as `v1.34.2`. */
export function parseVersion(text: string): { readonly text: string; readonly minor: MinorVersion } | undefined {
  const match = /v?(\d+)\.(\d+)\.\d+[-+.\w]*/.exec(text);
  return match === null ? undefined : { text: match[0], minor: [Number(match[1]), Number(match[2])] };
}

/** Whether `version` is `oldest` or newer. */
export function isAtLeast(version: MinorVersion, oldest: MinorVersion): boolean {
  return version[0] > oldest[0] || (version[0] === oldest[0] && version[1] >= oldest[1]);
}

/** Runs a program to get its version; undefined when it does not run or prints none. */
export async function askVersion(file: string, args: readonly string[]): Promise<ReturnType<typeof parseVersion>> {
  // kubectl would read preferences in the home directory, and pulumi look for updates.
  const env = {
    ...process.env,
    KUBECONFIG: devNull,
    KUBERC: 'off',
    KUBECTL_KUBERC: 'false',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
  try {
    const { stdout, stderr } = await run(file, args, { env, timeout: 30_000 });
    return parseVersion(stdout + stderr);
  } catch {
    return undefined;
  }
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Whether the system can execute a file. A truncated program ends by a signal, or a shell takes it for a script that fails; any other exit code will do. */
export async function canRun(file: string): Promise<boolean> {
  if (!(await isExecutable(file))) return path.extname(file) !== ''; // The provider's schema.
  try {
    await run(file, ['--version'], { timeout: 10_000 });
    return true;
  } catch (error) {
    const { code, killed = false, stderr = '' } = error as { code?: unknown; killed?: boolean; stderr?: string };
    if (typeof code !== 'number') return killed;
    return code !== 126 && code !== 127 && !/syntax error/i.test(stderr);
  }
}

/** Absolute path of a program in KUBEBUILDER_ASSETS or PATH; undefined when neither has it. */
export async function locate(
  name: ProgramName | 'go' | 'python3' | 'envoy',
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  const assets = name === 'go' || name === 'python3' ? undefined : env['KUBEBUILDER_ASSETS'];
  const folders = [assets, ...(env['PATH'] ?? '').split(path.delimiter)];
  for (const folder of folders) {
    if (folder === undefined || folder === '') continue;
    const file = path.resolve(folder, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** An installed program. */
export interface Found {
  readonly file: string;
  /** Undefined when it prints none. */
  readonly version: { readonly text: string; readonly minor: MinorVersion } | undefined;
}

interface Choice {
  readonly use: ReadonlyMap<ProgramName, string>;
  /** One sentence for each installed program that is not used. */
  readonly refused: readonly string[];
}

function reasonAgainst(name: ProgramName, { version }: Found): string | undefined {
  const needed = programs[name].version;
  if (needed === undefined) return undefined;
  if (version === undefined) return 'it prints no version';
  const { oldest, because } = needed;
  return isAtLeast(version.minor, oldest) ? undefined : `${version.text} is older than ${oldest.join('.')}: ${because}`;
}

function isOfControlPlane(name: ProgramName): boolean {
  return controlPlane.some((one) => one === name);
}

/**
 * Which installed programs to use. Kubernetes supports no controller newer than its API server, so programs of the control plane need the minor version that would be built, unless all three are
 * installed in one minor version.
 */
export function choose(found: ReadonlyMap<ProgramName, Found>, pinned: string): Choice {
  const pinnedMinor = parseVersion(pinned)?.minor.join('.');
  const minors = controlPlane.map((name) => found.get(name)?.version?.minor.join('.'));
  const areOne = new Set(minors).size === 1;
  const use = new Map<ProgramName, string>();
  const refused: string[] = [];
  for (const name of programNames) {
    const candidate = found.get(name);
    if (candidate === undefined) continue;
    const isStray = isOfControlPlane(name) && !areOne && candidate.version?.minor.join('.') !== pinnedMinor;
    const reason =
      reasonAgainst(name, candidate) ??
      (isStray ? `${candidate.version?.text ?? ''} does not fit the rest of the control plane` : undefined);
    if (reason === undefined) use.set(name, candidate.file);
    else refused.push(`${candidate.file} is not used: ${reason}`);
  }
  return { use, refused };
}
