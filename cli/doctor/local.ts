import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Release } from '../../mesh/manifests/release';
import { asList, asMap, asString } from '../../mesh/json';
import { projectRoot } from '../../runtime/project-root';
import { dependencies, engines } from '../../package.json';
import { type Fact, type Finding, known, type LocalFacts, type Program } from './facts';

const run = promisify(execFile);
/** How long, in milliseconds, a program or a server may take. */
const timeout = 5_000;

const commands: Readonly<Record<Program, { words: string[]; version: RegExp }>> = {
  go: { words: ['version'], version: /go(\d+\.\d+(?:\.\d+)?)/ },
  pulumi: { words: ['version'], version: /v(\d+\.\d+\.\d+)/ },
  kubectl: { words: ['version', '--client'], version: /v(\d+\.\d+\.\d+)/ },
  python3: { words: ['--version'], version: /(\d+\.\d+\.\d+)/ },
};

/** Oldest versions that work. */
const oldest = {
  node: engines.node.replace(/^>=/, ''),
  go: '1.26',
  pulumi: dependencies['@pulumi/pulumi'],
} as const;

export async function localFacts(
  releases: readonly Release[],
  usesLab: boolean,
  stackProblem: string,
): Promise<LocalFacts> {
  const names = Object.keys(commands) as Program[];
  const versions = await Promise.all(names.map(programVersion));
  const programs = Object.fromEntries(names.map((name, at) => [name, versions[at]])) as LocalFacts['programs'];
  return {
    node: process.versions.node,
    programs,
    kubernetesPlugins: programs.pulumi === undefined ? { value: [] } : await kubernetesPlugins(),
    routeProvider: existsSync(join(projectRoot, 'provider', 'PulumiPlugin.yaml')),
    // The lab deploys with charts of its own.
    charts: { value: usesLab ? [] : await unreachableCharts(releases) },
    usesLab,
    stackProblem,
  };
}

async function programVersion(name: Program): Promise<string | undefined> {
  const { words, version } = commands[name];
  const answer = await run(name, words, { timeout }).catch(() => undefined);
  return version.exec(answer?.stdout ?? '')?.[1];
}

async function kubernetesPlugins(): Promise<Fact<string[]>> {
  try {
    const { stdout } = await run('pulumi', ['plugin', 'ls', '--json'], { timeout, cwd: projectRoot });
    const plugins = asList(JSON.parse(stdout)).map(asMap);
    return {
      value: plugins.flatMap(({ name, kind, version }) =>
        name === 'kubernetes' && kind === 'resource' ? [asString(version) ?? ''] : [],
      ),
    };
  } catch (error) {
    return { unknown: `pulumi plugin ls: ${(error as Error).message.split('\n')[0] ?? ''}` };
  }
}

async function unreachableCharts(releases: readonly Release[]): Promise<{ source: string; problem: string }[]> {
  const sources = [...new Set(releases.map(({ repository, chart }) => repository ?? chart))];
  const found = await Promise.all(sources.map(async (source) => ({ source, problem: await chartProblem(source) })));
  return found.flatMap(({ source, problem }) => (problem === undefined ? [] : [{ source, problem }]));
}

async function chartProblem(source: string): Promise<string | undefined> {
  const oci = /^oci:\/\/([^/]+)/.exec(source)?.[1];
  if (oci === undefined && !/^https?:/.test(source))
    return existsSync(resolve(projectRoot, source)) ? undefined : 'there is no such file or folder';
  const url = oci === undefined ? `${source.replace(/\/+$/, '')}/index.yaml` : `https://${oci}/v2/`;
  try {
    const { status } = await fetch(url, {
      method: oci === undefined ? 'HEAD' : 'GET',
      signal: AbortSignal.timeout(timeout),
    });
    // A registry answers 401 to anonymous users, and Helm then logs in.
    return status < 400 || oci !== undefined ? undefined : `${url} answers ${status}`;
  } catch (error) {
    const { cause, message } = error as Error;
    return `${url} does not answer: ${cause instanceof Error ? cause.message : message}`;
  }
}

export function judgeNode({ node }: LocalFacts): Finding[] {
  return isOlder(node, oldest.node)
    ? [
        {
          what: `Node ${node} is older than ${oldest.node}`,
          where: 'this machine',
          fix: `install Node ${oldest.node} or newer`,
        },
      ]
    : [];
}

/** Pulumi and its provider; the lab brings its own. */
export function judgePulumi({ programs: { pulumi }, usesLab, kubernetesPlugins: plugins }: LocalFacts): Finding[] {
  if (usesLab) return [];
  const install = 'https://www.pulumi.com/docs/install/';
  const where = 'PATH';
  if (pulumi === undefined)
    return [
      {
        what: 'pulumi is missing, or does not answer',
        where,
        fix: `install Pulumi ${oldest.pulumi} or newer: ${install}`,
      },
    ];
  const wanted = dependencies['@pulumi/kubernetes'];
  const [found] = [...known(plugins)].sort((a, b) => (isOlder(a, b) ? 1 : -1));
  return [
    ...(isOlder(pulumi, oldest.pulumi)
      ? [
          {
            what: `Pulumi ${pulumi} is older than the SDK, ${oldest.pulumi}`,
            where,
            fix: `install Pulumi ${oldest.pulumi} or newer: ${install}`,
          },
        ]
      : []),
    ...(found !== undefined && !known(plugins).includes(wanted) && isOlder(found, wanted)
      ? [
          {
            what: `the plugin kubernetes ${found} is older than the SDK, ${wanted}`,
            where: 'Pulumi',
            fix: `pulumi plugin install resource kubernetes ${wanted}`,
          },
        ]
      : []),
  ];
}

export function judgeRouteProvider({ routeProvider }: LocalFacts): Finding[] {
  return routeProvider
    ? []
    : [
        {
          what: 'the provider that applies routes is missing',
          where: 'provider/PulumiPlugin.yaml',
          fix: 'install Meshwright again',
        },
      ];
}

export function judgeCharts({ charts }: LocalFacts): Finding[] {
  return known(charts).map(({ source, problem }) => ({
    what: `the charts cannot be fetched: ${problem}`,
    where: source,
    fix: 'allow this address, or mirror the charts and set meshwright:istio.charts: docs/your-cluster.md',
  }));
}

export function judgeStackFile({ stackProblem }: LocalFacts): Finding[] {
  if (stackProblem === '') return [];
  const [what = '', ...lines] = stackProblem.split('\n').map((line) => line.trim());
  return [{ what, where: lines[0] ?? 'the stack file', fix: 'npx meshwright check shows every problem with its fix' }];
}

/** Programs that only some commands need. */
export function localNotes({ programs: { go, kubectl, python3 }, usesLab }: LocalFacts): string[] {
  return [
    ...(go === undefined ? ['Go is not on PATH: the lab cannot be built'] : []),
    ...(go !== undefined && isOlder(go, oldest.go)
      ? [`Go ${go} is older than ${oldest.go}: the lab cannot be built`]
      : []),
    ...(python3 === undefined ? ['python3 is not on PATH: the lab cannot fetch Envoy'] : []),
    ...(kubectl === undefined && !usesLab ? ['kubectl is not on PATH: the fixes name its commands'] : []),
  ];
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((one) => one.split('.').map(Number));
  for (const [at, part] of (b ?? []).entries()) {
    const own = a?.[at] ?? 0;
    if (own !== part) return own < part;
  }
  return false;
}
