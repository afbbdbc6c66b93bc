import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { KubernetesObject } from '../components/manifests/kubernetes';
import { renderMesh } from '../components/manifests/mesh';
import type { StackSettings } from '../components/manifests/settings';
import { labDown, labUp, type Lab } from '../lab';
import { realStack } from '../test/real/pulumi/support/real-stack';

/**
 * What a stack of many routes costs, beside kubectl and helm with the same objects: `node -r tsx/cjs bench/scale.ts [services] [rounds]`. Wall-clock seconds on a lab of its own, the median of the
 * rounds, and as a ratio to helm. What is not on PATH (helm, pulumi) is left out and said.
 */
const [services = 100, rounds = 3] = process.argv.slice(2).map(Number);
const servicesPerNamespace = 25;

/** @param share - percent that the first service's second version gets */
function settings(share: number): StackSettings {
  const names = Array.from({ length: services }, (_, index) => `service-${index}`);
  const spaces = [...new Set(names.map((_, index) => space(index)))];
  return {
    namespaces: Object.fromEntries(spaces.map((name) => [name, { injection: true }])),
    routes: Object.fromEntries(
      spaces.map((name) => [
        name,
        Object.fromEntries(
          names.flatMap((service, index) => {
            const weights = { v1: 'rest' as const, v2: index === 0 ? share : 10 };
            return space(index) === name ? [[service, { versions: ['v1', 'v2'], weights }] as const] : [];
          }),
        ),
      ]),
    ),
  };
}

function space(index: number): string {
  return `team-${Math.floor(index / servicesPerNamespace)}`;
}

const objectsOf = (share: number): KubernetesObject[] =>
  renderMesh(settings(share)).objects.map(({ object }) => object);
const text = (objects: readonly KubernetesObject[]): string => objects.map((object) => stringify(object)).join('---\n');

type Step = 'first' | 'weight' | 'nothing' | 'remove';
type Tool = Partial<Record<Step | 'preview' | 'preview with the policy pack', () => void>>;

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
    nothing: apply(20),
    remove: () => run(lab.kubectl, ['delete', '-f', file], lab),
  };
}

/** Namespaces are not the release's business: helm cannot wait for one that it makes itself. */
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
    nothing: upgrade(20),
    remove: () => {
      run('helm', ['uninstall', 'routes'], lab);
      run(lab.kubectl, ['delete', '-f', spaces], lab);
    },
  };
}

function pulumi(lab: Lab): Tool & { end: () => void } {
  const stack = realStack(lab);
  const configure = (share: number): void => {
    const sections = Object.entries(settings(share)).map(([key, value]) => [`meshwright:${key}`, value] as const);
    stack.configure({ ...Object.fromEntries(sections), 'meshwright:proof': { enabled: false } });
  };
  const must = (...words: string[]): void => {
    const { status, output } = stack.pulumi(...words);
    if (status !== 0) throw new Error(output.slice(-4000));
  };
  const up = (share: number) => () => {
    configure(share);
    must('up', '--yes', '--skip-preview');
  };
  return {
    first: up(10),
    weight: up(20),
    preview: () => must('preview'),
    'preview with the policy pack': () => must('preview', '--policy-pack', resolve(__dirname, '..', 'policy')),
    nothing: up(20),
    remove: () => must('destroy', '--yes', '--skip-preview'),
    end: () => stack.remove(),
  };
}

const has = (program: string): boolean => spawnSync(program, ['version'], { stdio: 'ignore' }).status === 0;
const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

async function main(): Promise<void> {
  const lab = await labUp({ root, log: () => undefined });
  const realPulumi = has('pulumi') ? pulumi(lab) : undefined;
  const tools: [string, Tool][] = [['kubectl', kubectl(lab)]];
  if (has('helm')) tools.push(['helm', helm(lab)]);
  else console.log('left out: no helm on PATH');
  if (realPulumi !== undefined) tools.push(['pulumi', realPulumi]);
  else console.log('left out: no pulumi on PATH');
  const seconds = new Map<string, number[]>();
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const [name, tool] of tools) {
        for (const [step, work] of Object.entries(tool).filter(([step]) => step !== 'end')) {
          const started = performance.now();
          work();
          const took = (performance.now() - started) / 1000;
          seconds.set(`${name} ${step}`, [...(seconds.get(`${name} ${step}`) ?? []), took]);
          console.error(`round ${round}: ${name} ${step} ${took.toFixed(1)} s`);
        }
      }
    }
  } finally {
    realPulumi?.end();
    await labDown({ root, log: () => undefined, purge: true });
  }
  console.log(`${services} services, ${objectsOf(10).length} objects, medians of ${rounds}`);
  for (const [key, values] of seconds) {
    const step = key.slice(key.indexOf(' ') + 1);
    const base = seconds.get(`helm ${step}`);
    const ratio = base === undefined ? '' : `${(median(values) / median(base)).toFixed(2)} x helm`;
    console.log(`${key.padEnd(40)} ${median(values).toFixed(1).padStart(7)} s  ${ratio}`);
  }
}

void main();
