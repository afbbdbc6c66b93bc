import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { renderMesh } from '../../mesh/manifests/mesh';
import { labDown, labUp, type Lab } from '../../cluster/lab';
import { installIstioCrds } from '../../test/cluster/lab/istio-crds';
import { sections } from '../../test/real/pulumi/support/bookinfo';
import { RealStack, type Operation } from '../../test/real/pulumi/support/real-stack';
import { stackOf } from './inputs';

/**
 * The cost of a stack with many routes, compared with kubectl and helm for the same objects: `node -r tsx/cjs
 * tools/bench/scale.ts [rounds] [kills] [services…]`. Measures wall-clock seconds on a separate lab: the median of the
 * rounds, the ratio to helm and kubectl in the same run, and the growth from one number of services to the next. With
 * `kills`, that many first updates are killed at a random moment, and the next update must finish. kubectl and helm
 * take the same time for one weight as for no change, so only Pulumi is measured without a change. Pulumi runs with the
 * policy pack. Without helm on PATH, helm is left out with a note.
 */
const [rounds = 3, kills = 0, ...given] = process.argv.slice(2).map(Number);
const sizes = given.length === 0 ? [100] : given;
/** The current number of services. */
let services = 0;

const objectsOf = (share: number): KubernetesObject[] =>
  renderMesh(stackOf(services, share)).objects.map(({ object }) => object);
const spaceName = ({ kind, metadata }: KubernetesObject): string[] => (kind === 'Namespace' ? [metadata.name] : []);
const text = (objects: readonly KubernetesObject[]): string => objects.map((object) => stringify(object)).join('---\n');

const steps = ['first', 'weight', 'preview', 'nothing', 'remove'] as const;
type Tool = Partial<Record<(typeof steps)[number], () => void | Promise<void>>>;

const root = mkdtempSync(join(tmpdir(), 'meshwright-bench-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));

function run(program: string, args: string[], lab: Lab): void {
  execFileSync(program, args, {
    env: { ...process.env, KUBECONFIG: lab.kubeconfig },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

function kubectl(lab: Lab): Tool {
  const file = join(root, 'objects.yaml');
  const apply = (share: number) => () => {
    writeFileSync(file, text(objectsOf(share)));
    run(lab.kubectl, ['apply', '--server-side', '-f', file], lab);
  };
  return {
    first: apply(10),
    weight: apply(20),
    // Deletes whole namespaces, because kubectl takes 0.2 s for each single object.
    remove: () => run(lab.kubectl, ['delete', 'namespaces', ...objectsOf(10).flatMap(spaceName)], lab),
  };
}

/** Namespaces are not part of the release: helm cannot wait for a namespace that it creates itself. */
function helm(lab: Lab): Tool {
  const chart = join(root, 'chart');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: routes\nversion: 0.1.0\n');
  const spaces = join(root, 'namespaces.yaml');
  const write = (share: number): void => {
    const objects = objectsOf(share);
    const isSpace = ({ kind }: KubernetesObject): boolean => kind === 'Namespace';
    writeFileSync(spaces, text(objects.filter(isSpace)));
    writeFileSync(join(chart, 'templates', 'all.yaml'), text(objects.filter((object) => !isSpace(object))));
  };
  const upgrade = (share: number) => () => {
    write(share);
    run('helm', ['upgrade', 'routes', chart], lab);
  };
  return {
    first: () => {
      write(10);
      run(lab.kubectl, ['apply', '--server-side', '-f', spaces], lab);
      run('helm', ['install', 'routes', chart], lab);
    },
    weight: upgrade(20),
    remove: () => {
      run('helm', ['uninstall', 'routes'], lab);
      run(lab.kubectl, ['delete', '-f', spaces], lab);
    },
  };
}

type PulumiTool = Tool & {
  configure: (share: number) => void;
  /** Starts an update. */
  begin: () => ReturnType<RealStack['begin']>;
  end: () => void;
};

function pulumi(lab: Lab): PulumiTool {
  const stack = new RealStack(lab);
  const configure = (share: number): void => {
    stack.configure(sections({ ...stackOf(services, share), proof: { enabled: false } }));
  };
  const must = async (operation: Operation): Promise<void> => {
    const { succeeded, output } = await stack.run(operation);
    if (!succeeded) throw new Error(output.slice(-4000));
  };
  const up = (share: number) => () => {
    configure(share);
    return must('up');
  };
  return {
    first: up(10),
    weight: up(20),
    preview: () => must('preview'),
    nothing: up(20),
    remove: () => must('destroy'),
    configure,
    begin: () => stack.begin('up'),
    end: () => stack.remove(),
  };
}

const has = (program: string): boolean => spawnSync(program, ['version'], { stdio: 'ignore' }).status === 0;
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/**
 * Kills first updates and runs another update after each, which must succeed and leave every object exactly once.
 * Returns the number of successes.
 */
async function killed(lab: Lab): Promise<number> {
  let finished = 0;
  const began = performance.now();
  const whole = pulumi(lab);
  await whole.first?.();
  const longest = performance.now() - began;
  await whole.remove?.();
  whole.end();
  for (let kill = 1; kill <= kills; kill++) {
    const one = pulumi(lab);
    one.configure(10);
    const update = one.begin();
    await sleep(Math.random() * longest);
    update.kill();
    await update.ended;
    await one.first?.();
    const wanted = objectsOf(10).filter(({ kind }) => kind !== 'Namespace').length;
    const args = ['get', 'destinationrules,virtualservices', '-A', '-o', 'name'];
    const there = execFileSync(lab.kubectl, args, {
      env: { ...process.env, KUBECONFIG: lab.kubeconfig },
      encoding: 'utf8',
    });
    if (there.trim().split('\n').length === wanted) finished += 1;
    console.error(`kill ${kill}: ${finished} of ${kill} finished by the next update`);
    await one.remove?.();
    one.end();
  }
  return finished;
}

type Seconds = Map<string, number[]>;

async function measure(tools: readonly [string, Tool][]): Promise<Seconds> {
  const seconds: Seconds = new Map();
  for (let round = 1; round <= rounds; round++) {
    for (const [name, tool] of tools) {
      for (const [step, work] of steps.flatMap((one) => (tool[one] === undefined ? [] : [[one, tool[one]] as const]))) {
        const started = performance.now();
        await work();
        const took = (performance.now() - started) / 1000;
        seconds.set(`${name} ${step}`, [...(seconds.get(`${name} ${step}`) ?? []), took]);
        console.error(`${services} services, round ${round}: ${name} ${step} ${took.toFixed(1)} s`);
      }
    }
  }
  return seconds;
}

function table(seconds: Seconds, smaller: Seconds | undefined): void {
  console.log(
    `| ${services} services, ${objectsOf(10).length} objects | seconds | x helm | x kubectl | x the size before |`,
  );
  console.log('| --- | --- | --- | --- | --- |');
  for (const [key, values] of seconds) {
    const step = key.slice(key.indexOf(' ') + 1);
    const ratio = (of: number[] | undefined): string =>
      of === undefined ? '' : (median(values) / median(of)).toFixed(2);
    const cells = [
      key,
      median(values).toFixed(1),
      ratio(seconds.get(`helm ${step}`)),
      ratio(seconds.get(`kubectl ${step}`)),
      ratio(smaller?.get(key)),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

async function main(): Promise<void> {
  if (!has('helm')) console.log('left out: no helm on PATH');
  let smaller: Seconds | undefined;
  for (const size of sizes) {
    services = size;
    const lab = await labUp({ root, log: () => undefined });
    const realPulumi = pulumi(lab);
    try {
      await installIstioCrds(lab);
      const tools: [string, Tool][] = [
        ['kubectl', kubectl(lab)],
        ...(has('helm') ? [['helm', helm(lab)] as [string, Tool]] : []),
        ['pulumi', realPulumi],
      ];
      const seconds = await measure(tools);
      table(seconds, smaller);
      smaller = seconds;
      if (kills > 0) console.log(`killed: ${await killed(lab)} of ${kills} finished by the next update`);
    } finally {
      realPulumi.end();
      await labDown({ root, log: () => undefined, purge: true });
    }
  }
}

void main();
