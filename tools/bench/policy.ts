import { check } from '../../policy/check';
import { serviceObjects, sizesOr } from './inputs';

/**
 * The cost of a check, and how it grows with the mesh: `node -r tsx/cjs tools/bench/policy.ts [objects…]`. Processor
 * time, the best of several runs, for meshes of a Service, a VirtualService, a DestinationRule and two Deployments per
 * service.
 */
const perService = 5;
const runs = 3;

interface Measured {
  objects: number;
  milliseconds: number;
}

const measured = sizesOr([500, 2000, 8000, 10000]).map(measure);
let before: Measured | undefined;
for (const one of measured) {
  const growth =
    before === undefined
      ? ''
      : `, ${ratio(one, before)} the cost for ${(one.objects / before.objects).toFixed(1)} times the objects`;
  const megabytes = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(
    `${one.objects} objects: ${Math.round(one.milliseconds)} ms, ${(one.milliseconds / one.objects).toFixed(3)} ms each${growth}; ${megabytes} MB in all`,
  );
  before = one;
}

function measure(objects: number): Measured {
  const mesh = Array.from({ length: Math.ceil(objects / perService) }, (_, index) => serviceObjects(index)).flat();
  const times = Array.from({ length: runs }, () => {
    // A fresh copy, because memoized results would make the second run cheaper.
    const given = structuredClone(mesh);
    const start = process.cpuUsage();
    const findings = check(given);
    if (findings.length > 0) throw new Error(`the mesh should be sound: ${JSON.stringify(findings[0])}`);
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return { objects: mesh.length, milliseconds: Math.min(...times) };
}

function ratio(one: Measured, other: Measured): string {
  return `${(one.milliseconds / other.milliseconds).toFixed(1)} times`;
}
