import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/**
 * The time to load the program, compared with loading only the Kubernetes SDK: `node -r tsx/cjs
 * tools/bench/startup.ts`. Measures wall-clock time in fresh processes, the best of several alternating runs. Target:
 * at most 1.5 times.
 */
const runs = 7;
const target = 1.5;

const loads = {
  sdk: `require('@pulumi/kubernetes');`,
  /** The whole of program.js, on a stack without settings. */
  program: `require('./program.js');`,
};

function milliseconds(load: string): number {
  const script = `
    const started = performance.now();
    const pulumi = require('@pulumi/pulumi');
    pulumi.runtime.setMocks({ newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: () => ({}) }, 'meshwright', 'bench', false, 'organization');
    const monitor = pulumi.runtime.getMonitor();
    for (const call of ['registerResourceHook', 'registerStackTransform']) monitor[call] = (_, done) => done(null, {});
    pulumi.runtime.runInPulumiStack(async () => {
      ${load}
      console.log(performance.now() - started);
    });
  `;
  const output = execFileSync(process.execPath, ['-e', script], {
    cwd: resolve(__dirname, '..', '..'),
    encoding: 'utf8',
  });
  return Number(output);
}

const turns = Array.from({ length: runs }, () => ({
  sdk: milliseconds(loads.sdk),
  program: milliseconds(loads.program),
}));
const sdk = Math.min(...turns.map((turn) => turn.sdk));
const program = Math.min(...turns.map((turn) => turn.program));
const ratio = program / sdk;
console.log(`@pulumi/kubernetes alone: ${Math.round(sdk)} ms; the program: ${Math.round(program)} ms`);
console.log(`ratio ${ratio.toFixed(2)}, target at most ${target}: ${ratio <= target ? 'met' : 'missed'}`);
