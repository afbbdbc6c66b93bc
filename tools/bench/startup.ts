import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/**
 * The time to load the program on a stack without settings, compared with loading only the Kubernetes SDK: `node -r
 * tsx/cjs tools/bench/startup.ts [runs]`. Measures fresh processes in turn, in CPU time (user and system) and
 * wall-clock time. The ratio is the median of the pairs. Target: at most 1.5 times.
 */
const runs = Number(process.argv[2] ?? 9);
const target = 1.5;

interface Times {
  cpu: number;
  wall: number;
}

/** How long a process takes, in milliseconds, until it has loaded a module and Pulumi has nothing left to do. */
function load(module: string): Times {
  const script = `
    const pulumi = require('@pulumi/pulumi');
    pulumi.runtime.setMocks({ newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: () => ({}) }, 'meshwright', 'bench', false, 'organization');
    const monitor = pulumi.runtime.getMonitor();
    for (const call of ['registerResourceHook', 'registerStackTransform']) monitor[call] = (_, done) => done(null, {});
    pulumi.runtime.runInPulumiStack(async () => { require('${module}'); });
    process.once('exit', () => {
      const { user, system } = process.cpuUsage();
      console.log(JSON.stringify({ cpu: (user + system) / 1000, wall: performance.now() }));
    });
  `;
  const output = execFileSync(process.execPath, ['-e', script], {
    cwd: resolve(__dirname, '..', '..'),
    encoding: 'utf8',
  });
  return JSON.parse(output) as Times;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

// The first run bundles the program.
load('./program.js');
const pairs = Array.from({ length: runs }, () => ({ sdk: load('@pulumi/kubernetes'), program: load('./program.js') }));
for (const time of ['cpu', 'wall'] as const) {
  const of = (one: 'sdk' | 'program'): string => Math.round(median(pairs.map((pair) => pair[one][time]))).toString();
  const ratio = median(pairs.map(({ sdk, program }) => program[time] / sdk[time]));
  const verdict = ratio <= target ? 'met' : 'missed';
  console.log(
    `${time}: @pulumi/kubernetes alone ${of('sdk')} ms, the program ${of('program')} ms; ratio ${ratio.toFixed(2)}, target at most ${target}: ${verdict}`,
  );
}
