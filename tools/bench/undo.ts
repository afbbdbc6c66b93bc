import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { setWeights, stackValue } from '../../config/edit';
import { ShiftStage } from '../../test/real/shift/stage';
import type { ChildTask } from '../../test/real/pulumi/support/real-stack';

/**
 * `meshwright undo` beside a plain `pulumi up` of one weight, each in a process of its own, on a lab with one Envoy:
 * `node -r tsx/cjs tools/bench/undo.ts [runs]`. They run in turn, so that other load on the machine affects both.
 * Target: at p95 at most 1.5 times.
 */
const runs = Number(process.argv[2] ?? 20);
const target = 1.5;
const run = promisify(execFile);
const keys = ['routes', 'shop', 'hello', 'weights'];
const checkout = resolve(__dirname, '..', '..');

void main();

async function main(): Promise<void> {
  const stage = await ShiftStage.start(() => console.log('skipped: there is no Envoy'));
  if (stage === undefined) return;
  try {
    const [plain, undo]: [number[], number[]] = [[], []];
    const [before, after] = [{ v1: 'rest', v2: 10 } as const, { v1: 'rest', v2: 20 } as const];
    await up(stage, before);
    for (let turn = 0; turn < runs; turn++) {
      plain.push(await timed(() => up(stage, after)));
      undo.push(
        await timed(() => run(process.execPath, ['cli/bin.js', 'undo', 'hello', '--stack', 'shop'], inCopy(stage))),
      );
      const found = stackValue(stage.text, keys);
      if (JSON.stringify(found) !== JSON.stringify(before)) throw new Error(`undo went to ${JSON.stringify(found)}`);
    }
    const ratio = percentile(undo, 95) / percentile(plain, 95);
    console.log(`pulumi up: ${summary(plain)}; undo: ${summary(undo)}`);
    console.log(`ratio at p95 ${ratio.toFixed(2)}, target at most ${target}: ${ratio <= target ? 'met' : 'missed'}`);
  } finally {
    await stage.stop();
  }
}

function inCopy({ root }: ShiftStage): { cwd: string; env: NodeJS.ProcessEnv } {
  const env = { ...process.env };
  delete env['KUBECONFIG'];
  return { cwd: root, env };
}

/** Only the engine, the program and the providers; bundled, as the command is. */
async function up(stage: ShiftStage, weights: Record<string, number | 'rest'>): Promise<void> {
  const { stateDir, kubeconfig, context, programs } = stage.lab;
  const folder = join(stateDir, 'pulumi');
  const written = parse(readFileSync(join(folder, 'Pulumi.shop.yaml'), 'utf8')) as { config: Record<string, unknown> };
  const routes = structuredClone(written.config['meshwright:routes']) as Record<string, Record<string, object>>;
  Object.assign(routes['shop']?.['hello'] ?? {}, { weights });
  const task: ChildTask = {
    lab: { stateDir, kubeconfig, context, programs },
    name: 'shop',
    folder,
    operation: 'up',
    config: { ...written.config, 'meshwright:routes': routes },
  };
  const [file, entry] = [join(stage.root, 'task.json'), join(stage.root, 'plain-up.js')];
  writeFileSync(file, JSON.stringify(task));
  const support = join(checkout, 'test', 'real', 'pulumi', 'support');
  writeFileSync(
    entry,
    `require(${JSON.stringify(join(checkout, 'runtime', 'load'))}).load(module, ${JSON.stringify(support)}, 'stack-child');`,
  );
  await run(process.execPath, [entry, file]);
  const text = setWeights(stage.text, keys, weights);
  writeFileSync(stage.session.file, text);
  stage.recordLive();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

function percentile(values: number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
}

function summary(values: number[]): string {
  const [median, high] = [50, 95].map((percent) => (percentile(values, percent) / 1000).toFixed(2));
  return `${median} s (median), ${high} s (p95)`;
}
