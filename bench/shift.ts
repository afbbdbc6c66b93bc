import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KubernetesObject } from '../components/manifests/kubernetes';
import type { StackSettings } from '../components/manifests/settings';
import { MeshView, proveRoute } from '../live';
import { realStack, type RealStack } from '../test/real/pulumi/support/real-stack';
import { freePorts } from '../test/real/traffic/child';
import { startLoad } from '../test/real/traffic/load';
import { addressesOf, startMesh, type RealMesh } from '../test/real/traffic/mesh';
import { findPrograms } from '../test/real/traffic/programs';
import { shop, shopHost, shopRoute, shopRouteObjects } from '../test/real/traffic/shop';

/**
 * A shift of weights on a real istiod with ten real Envoys, under 300 requests per second: `node -r tsx/cjs bench/shift.ts [runs]`. Time from the edit of the configuration until the last proxy serves
 * the new split, requests lost, for `pulumi up`, `kubectl apply` and `helm upgrade` in turns; and what the proof adds to `pulumi up`. Needs pulumi, helm, istiod and Envoy on PATH.
 */
const run = promisify(execFile);
const runs = Number(process.argv[2] ?? 5);
const sidecars = 9;
const versions = ['v1', 'v2'];

interface Way {
  name: string;
  /** Makes the split so; whether the proxies have it when it returns is its own affair. */
  shift(weights: Record<string, number>): Promise<void>;
  times: number[];
  /** How long the command itself took. */
  took: number[];
  lost: number;
  requests: number;
}

void main();

async function main(): Promise<void> {
  const programs = findPrograms();
  if (typeof programs === 'string') {
    console.log(`skipped: ${programs}`);
    return;
  }
  const [port = 0] = await freePorts(1);
  const mesh = await startMesh({ programs, ...shop(port, versions, sidecars), log: () => undefined });
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-shift-'));
  const stack = realStack(mesh.lab);
  try {
    const view = new MeshView(addressesOf(mesh));
    const ways = [pulumi(stack, mesh, true), pulumi(stack, mesh, false), kubectl(mesh, folder), helm(mesh, folder)];
    for (const way of ways) await measure(way, view, port, stack);
    report(ways);
  } finally {
    await mesh.stop();
    stack.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(way: Way, view: MeshView, port: number, stack: RealStack): Promise<void> {
  await way.shift({ v1: 90, v2: 10 });
  const load = await startLoad({ url: `http://127.0.0.1:${port}/`, host: shopHost, rate: 300, seconds: 1800 });
  let [from, to] = [
    { v1: 90, v2: 10 },
    { v1: 50, v2: 50 },
  ];
  for (let turn = 0; turn < runs; turn++) {
    const began = performance.now();
    const shifting = way.shift(to).then(() => way.took.push(performance.now() - began));
    await proveRoute(routeOf(from), routeOf(to), { mesh: view, timeout: 120_000, log: () => undefined });
    way.times.push(performance.now() - began);
    await shifting;
    [from, to] = [to, from];
  }
  const { requests, failed } = await load.stop();
  way.requests = requests;
  way.lost = failed;
  // The next way is to find nothing of this one.
  if (way.name.startsWith('pulumi')) await stack.begin('destroy', '--yes', '--skip-preview').ended;
}

function pulumi(stack: RealStack, mesh: RealMesh, enabled: boolean): Way {
  const shift = async (weights: Record<string, number>): Promise<void> => {
    const settings: StackSettings = {
      namespaces: { shop: { existing: true } },
      routes: { shop: { reviews: shopRoute({ versions, weights }) } },
      proof: { ...addressesOf(mesh), enabled },
    };
    const config = Object.entries(settings).map(([key, value]): [string, unknown] => [`meshwright:${key}`, value]);
    stack.configure({
      ...Object.fromEntries(config),
      'meshwright:policy': { externals: { gateways: ['*'], hosts: ['*'] } },
    });
    const { status, output } = await stack.begin('up', '--yes', '--skip-preview').ended;
    if (status !== 0) throw new Error(output);
  };
  return { name: enabled ? 'pulumi up' : 'pulumi up without proof', shift, ...nothing() };
}

function kubectl(mesh: RealMesh, folder: string): Way {
  const file = join(folder, 'route.yaml');
  const shift = async (weights: Record<string, number>): Promise<void> => {
    writeFileSync(file, documents(weights));
    await run(mesh.lab.kubectl, ['apply', '--server-side', '--force-conflicts', '-f', file], { env: mesh.lab.env });
  };
  return { name: 'kubectl apply', shift, ...nothing() };
}

function helm(mesh: RealMesh, folder: string): Way {
  const chart = join(folder, 'chart');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), stringify({ apiVersion: 'v2', name: 'route', version: '1.0.0' }));
  const shift = async (weights: Record<string, number>): Promise<void> => {
    writeFileSync(join(chart, 'templates', 'route.yaml'), documents(weights));
    await run('helm', ['upgrade', '--install', '--take-ownership', 'route', chart, '--namespace', 'shop'], {
      env: mesh.lab.env,
    });
  };
  return { name: 'helm upgrade', shift, ...nothing() };
}

function report(ways: Way[]): void {
  const base = ways.find(({ name }) => name === 'kubectl apply');
  for (const { name, times, requests, lost } of ways) {
    const ratio =
      base === undefined
        ? ''
        : `, ${(percentile(times, 50) / percentile(base.times, 50)).toFixed(2)} times that of kubectl apply`;
    console.log(
      `${name}: live after ${seconds(percentile(times, 50))} (median)${ratio}, p95 ${seconds(percentile(times, 95))}; ${lost} of ${requests} requests lost`,
    );
  }
  const [proven, bare] = ways;
  if (proven === undefined || bare === undefined) return;
  const added = percentile(proven.took, 95) - percentile(bare.took, 95);
  console.log(
    `the proof adds ${seconds(added)} at p95 to the update, ${seconds(percentile(proven.took, 50) - percentile(bare.took, 50))} in the median; target at most 1 s: ${added <= 1000 ? 'met' : 'missed'}`,
  );
}

function nothing(): Omit<Way, 'name' | 'shift'> {
  return { times: [], took: [], lost: 0, requests: 0 };
}

function routeOf(weights: Record<string, number>): KubernetesObject {
  const route = shopRouteObjects({ versions, weights }).find(({ kind }) => kind === 'VirtualService');
  if (route === undefined) throw new Error('these settings make no route');
  return route;
}

function documents(weights: Record<string, number>): string {
  return shopRouteObjects({ versions, weights })
    .map((object) => stringify(object))
    .join('---\n');
}

function percentile(values: number[], percent: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}
