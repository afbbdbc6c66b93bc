import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { projectRoot } from '../../runtime/project-root';
import { serviceObjects, sizesOr } from './inputs';

/**
 * What `meshwright import` costs, and how the cost grows: `node -r tsx/cjs tools/bench/import.ts [services…]`. Wall-clock time of the whole command, the best of several runs, from a file per service to
 * the written and proven stack file. Each service has a Service, a VirtualService and a DestinationRule with two subsets. The bound holds for 1,000 services.
 */
const boundMs = 5_000;
const runs = 3;
const routing = ['Service', 'VirtualService', 'DestinationRule'];

let before: { services: number; milliseconds: number } | undefined;
for (const services of sizesOr([100, 300, 1000])) {
  const milliseconds = measure(services);
  const growth =
    before === undefined ? '' : `, ${(milliseconds / before.milliseconds).toFixed(1)} times ${before.services}`;
  const bound = services === 1000 ? `, bound ${boundMs} ms: ${milliseconds <= boundMs ? 'met' : 'MISSED'}` : '';
  console.log(`${services} services: ${milliseconds} ms${growth}${bound}`);
  before = { services, milliseconds };
}

function measure(services: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-import-'));
  try {
    for (let index = 0; index < services; index++) writeService(join(folder, 'k8s'), index);
    return Math.min(...Array.from({ length: runs }, (_, run) => once(folder, `run-${run}.yaml`)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeService(folder: string, index: number): void {
  const team = join(folder, `team-${index % 100}`);
  mkdirSync(team, { recursive: true });
  const objects = serviceObjects(index).filter(({ kind }) => routing.includes(kind));
  writeFileSync(join(team, `service-${index}.yaml`), objects.map((object) => stringify(object)).join('---\n'));
}

function once(cwd: string, output: string): number {
  const start = performance.now();
  const command = [join(projectRoot, 'cli', 'bin.js'), 'import', 'k8s', '--output', output];
  const { status, stdout } = spawnSync(process.execPath, command, { cwd, encoding: 'utf8' });
  if (status !== 0 || !/^0 of \d+ objects differ, 0 of \d+ classes of requests move$/m.test(stdout))
    throw new Error(`the import is not exact:\n${stdout}`);
  return Math.round(performance.now() - start);
}
