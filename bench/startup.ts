import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

/**
 * What it costs to load the program, beside loading the Kubernetes SDK alone: `node -r ts-node/register/transpile-only bench/startup.ts`. Processor time of fresh processes that load
 * TypeScript the way Pulumi does, the best of several runs in turns. Target: at most 1.5 times.
 */
const runs = 5;
const target = 1.5;
const project = resolve(__dirname, '..');

/** What index.ts imports; index.ts itself would register resources. */
const loads = {
  sdk: ['@pulumi/pulumi', '@pulumi/kubernetes'],
  program: ['./components', './config/load'],
};

const script = `
  require('ts-node').register({ transpileOnly: true, project: 'tsconfig.pulumi.json' });
  const started = process.cpuUsage();
  for (const module of process.argv.slice(1)) require(require.resolve(module, { paths: [process.cwd()] }));
  const { user, system } = process.cpuUsage(started);
  console.log((user + system) / 1000);
`;

function milliseconds(modules: string[]): number {
  const output = execFileSync(process.execPath, ['-e', script, '--', ...modules], { cwd: project, encoding: 'utf8' });
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
