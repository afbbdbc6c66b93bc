import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { sizesOr, stackOf } from './inputs';

/**
 * The cost of reading a stack with many routes, without an engine, and how it grows: `node -r tsx/cjs
 * tools/bench/program.ts [services…]`. Each size runs in fresh processes. Measures processor time, including V8's
 * threads, and peak memory, and takes the best of several runs. The whole program runs under Pulumi's mocks. The bounds
 * are for 1,000 services.
 */
const runs = 3;
const sizes = sizesOr([10, 100, 300, 1000, 3000]);
const bounds: Record<string, number> = {
  'validate and render': 1,
  'policy and model': 1.5,
  program: 3,
  'program, wall-clock': 3,
  megabytes: 400,
};

type Figures = Record<string, number>;

/** Runs the stages one by one, or the whole program, in a separate process, which prints JSON. */
const scripts = {
  stages: `
    const { parseStack } = require('./config/parse');
    const { renderMesh } = require('./mesh/manifests/mesh');
    const { checkMesh } = require('./config/check-mesh');
    const seconds = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };
    const source = { secretSections: new Set() };
    let before = seconds();
    const since = () => { const now = seconds(); const took = now - before; before = now; return took; };
    const parsed = parseStack(sections, source);
    if ('problems' in parsed) throw new Error(JSON.stringify(parsed.problems[0]));
    const { objects } = renderMesh(parsed.settings);
    const read = since();
    const { problems } = checkMesh(parsed.settings, parsed.policy, source);
    if (problems.length > 0) throw new Error(JSON.stringify(problems[0]));
    console.log(JSON.stringify({ objects: objects.length, 'validate and render': read, 'policy and model': since() }));
  `,
  program: `
    // As when the program is the first to load the SDK.
    require('./runtime/load').load(module, require('node:path').resolve('runtime'), 'lazy-sdk-imports');
    const pulumi = require('@pulumi/pulumi');
    pulumi.runtime.setMocks({ newResource: ({ name, inputs }) => ({ id: name, state: inputs }), call: () => ({}) }, 'meshwright', 'bench', false, 'organization');
    const monitor = pulumi.runtime.getMonitor();
    for (const call of ['registerResourceHook', 'registerStackTransform']) monitor[call] = (_, done) => done(null, {});
    pulumi.runtime.setAllConfig(Object.fromEntries(Object.entries(sections).map(([key, value]) => ['meshwright:' + key, JSON.stringify(value)])), []);
    pulumi.runtime.runInPulumiStack(async () => require('./program.js'));
    process.once('beforeExit', () => {
      const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
      console.log(JSON.stringify({
        program: (userCPUTime + systemCPUTime) / 1e6,
        'program, wall-clock': performance.now() / 1e3,
        megabytes: maxRSS / 1024,
      }));
    });
  `,
};

function figures(script: keyof typeof scripts, services: number): Figures {
  const output = execFileSync(
    process.execPath,
    [
      ...(script === 'stages' ? ['-r', 'tsx/cjs'] : []),
      '-e',
      `const sections = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));${scripts[script]}`,
    ],
    {
      cwd: resolve(__dirname, '..', '..'),
      encoding: 'utf8',
      input: JSON.stringify(stackOf(services, 10)),
      maxBuffer: 64 * 2 ** 20,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  return JSON.parse(output.trim().split('\n').at(-1) ?? '{}') as Figures;
}

/** The best value of each measurement over several runs. */
function best(services: number): Figures {
  const all = Array.from({ length: runs }, () => ({ ...figures('stages', services), ...figures('program', services) }));
  const keys = Object.keys(all[0] ?? {});
  return Object.fromEntries(keys.map((key) => [key, Math.min(...all.map((one) => one[key] ?? Infinity))]));
}

let before: Figures | undefined;
for (const services of sizes) {
  const { objects = 0, ...now } = best(services);
  for (const [what, value] of Object.entries(now)) {
    const old = before?.[what];
    const growth =
      old === undefined ? '' : `, ${(value / old).toFixed(1)} times that of ${before?.['services'] ?? 0} services`;
    const bound = services === 1000 ? bounds[what] : undefined;
    const verdict = bound === undefined ? '' : `; bound ${bound}: ${value <= bound ? 'met' : 'missed'}`;
    const unit = what === 'megabytes' ? 'MB' : 's';
    console.log(
      `${services} services, ${objects} objects, ${what}: ${value.toFixed(unit === 'MB' ? 0 : 2)} ${unit}${growth}${verdict}`,
    );
  }
  before = { ...now, services };
}
