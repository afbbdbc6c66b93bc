import { stringify } from 'yaml';
import { Rig } from '../../test/cli/shift/support';

/**
 * Fifty shifts of one stack side by side: `node -r tsx/cjs tools/bench/shifts.ts [shifts]`. The cluster answers at once,
 * so what is left is the work of the ticks: reading and editing the file, the checks, the journal and the locks.
 */
const shifts = Number(process.argv[2] ?? 50);

void main();

async function main(): Promise<void> {
  const names = Array.from({ length: shifts }, (_, index) => `s${index}`);
  const route = { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 0 } };
  const routes = { shop: Object.fromEntries(names.map((name) => [name, route])) };
  const policy = { externals: { hosts: ['*'] } };
  const rig = new Rig(
    stringify(
      {
        config: {
          'meshwright:namespaces': { shop: { existing: true } },
          'meshwright:routes': routes,
          'meshwright:policy': policy,
        },
      },
      { aliasDuplicateObjects: false },
    ),
  );
  try {
    for (const name of names) rig.start({}, [`shop/${name}`], { v2: 100 }, name);
    const took: number[] = [];
    const began = performance.now();
    let ended = 0;
    for (let turn = 0; ended < shifts; turn++) {
      ended = 0;
      const run = async (name: string): Promise<void> => {
        const start = performance.now();
        const { phase, why } = await rig.tick(name);
        took.push(performance.now() - start);
        if (phase === 'promoted') ended++;
        else if (phase !== 'measuring') throw new Error(`${name}: ${phase}: ${why ?? ''}`);
      };
      await Promise.all(names.map(run));
      rig.time += 60_000;
      if (turn > 20) throw new Error('the shifts do not end');
    }
    const total = (performance.now() - began) / 1000;
    console.log(
      `${shifts} shifts of 4 steps: all promoted in ${total.toFixed(1)} s without updates, ${((total * 1000) / rig.deployments.length).toFixed(0)} ms for each of ${rig.deployments.length} steps`,
    );
  } finally {
    rig.remove();
  }
}
