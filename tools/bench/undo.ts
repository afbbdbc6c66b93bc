import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Weights } from '../../mesh/manifests/settings';
import { setStackValue, stackValue } from '../../config/edit';
import { ShiftStage } from '../../test/real/shift/stage';

/**
 * The command `meshwright undo` beside a plain `pulumi up` of one weight, which is a preview and an update, on a lab
 * with Envoys: `node -r tsx/cjs tools/bench/undo.ts [runs]`. Pulumi runs in this process, without the start of a
 * command; an update without the preview is measured as well. They run in turn, so that other load on the machine
 * affects all of them. Target: at p95 at most 1.5 times `pulumi up`.
 */
const runs = Number(process.argv[2] ?? 20);
const target = 1.5;
const run = promisify(execFile);
const keys = ['routes', 'shop', 'hello', 'weights'];

void main();

async function main(): Promise<void> {
  const stage = await ShiftStage.start(() => console.log('skipped: there is no Envoy'));
  if (stage === undefined) return;
  try {
    const [plain, bare, undo]: [number[], number[], number[]] = [[], [], []];
    const [before, after] = [{ v1: 'rest', v2: 10 } as const, { v1: 'rest', v2: 20 } as const];
    await up(stage, before);
    for (let turn = 0; turn < runs; turn++) {
      bare.push(await timed(() => up(stage, after)));
      await up(stage, before);
      plain.push(await timed(() => up(stage, after, true)));
      undo.push(
        await timed(() => run(process.execPath, ['cli/bin.js', 'undo', 'hello', '--stack', 'shop'], inCopy(stage))),
      );
      const found = stackValue(stage.text, keys);
      if (JSON.stringify(found) !== JSON.stringify(before)) throw new Error(`undo went to ${JSON.stringify(found)}`);
    }
    const ratio = percentile(undo, 95) / percentile(plain, 95);
    console.log(`pulumi up: ${summary(plain)}; without the preview: ${summary(bare)}; undo: ${summary(undo)}`);
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

/** Only the engine, the program and the providers, in this process: without the start of a command. */
async function up(stage: ShiftStage, weights: Weights, preview = false): Promise<void> {
  await stage.up(setStackValue(stage.text, keys, weights), preview);
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
