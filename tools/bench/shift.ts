import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { StackSettings } from '../../mesh/manifests/settings';
import { MeshView, proveRoute } from '../../cluster/proxies';
import { RealStack } from '../../test/real/pulumi/support/real-stack';
import { accessLog, accessLogging } from '../../test/real/traffic/access-log';
import { freePorts } from '../../test/real/traffic/child';
import { startLoad, type Loaded } from '../../test/real/traffic/load';
import { lossesOf, type Losses } from '../../test/real/traffic/losses';
import { addressesOf, startMesh, type RealMesh } from '../../test/real/traffic/mesh';
import { findPrograms } from '../../test/real/traffic/programs';
import { shop, shopHost, shopRoute, shopRouteObjects } from '../../test/real/traffic/shop';

/**
 * A shift of weights on a real istiod with ten real Envoys, under 300 requests per second: `node -r tsx/cjs
 * tools/bench/shift.ts [runs]`. Measures the time from the edit of the configuration until the last proxy serves the
 * new split, and the lost requests, for `pulumi up` with and without proof, `kubectl apply` and `helm upgrade`. They
 * run in turn, so that other load on the machine affects all of them. Also measures the time that the proof adds to
 * `pulumi up`. Needs pulumi, helm, istiod and Envoy on PATH.
 */
const run = promisify(execFile);
const runs = Number(process.argv[2] ?? 10);
const sidecars = 9;
const versions = ['v1', 'v2'];

type Weights = Record<string, number>;

interface Way {
  name: string;
  /** Applies the split. It may return before the proxies have it. */
  shift(weights: Weights): Promise<void>;
  times: number[];
  /** The duration of the command itself. */
  took: number[];
  /** The duration of the wait for proxies, from the command's output; undefined for commands that do not wait. */
  proofs: number[];
}

void main();

async function main(): Promise<void> {
  const programs = await findPrograms();
  if (typeof programs === 'string') {
    console.log(`skipped: ${programs}`);
    return;
  }
  const [port = 0] = await freePorts(1);
  const mesh = await startMesh({
    programs,
    ...shop(port, versions, sidecars),
    meshConfig: accessLogging,
    log: () => undefined,
  });
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-shift-'));
  // All tools own the same objects in turn.
  Object.assign(process.env, { PULUMI_K8S_ENABLE_PATCH_FORCE: 'true', PULUMI_K8S_UPSERT_EXISTING_OBJECTS: 'true' });
  const stacks = [new RealStack(mesh.lab), new RealStack(mesh.lab)] as const;
  try {
    const view = new MeshView(addressesOf(mesh));
    const ways = [
      pulumi(stacks[0], mesh, true),
      pulumi(stacks[1], mesh, false),
      kubectl(mesh, folder),
      helm(mesh, folder),
    ];
    const load = await loaded(ways, view, port, mesh.api);
    await sleep(500); // The access log is flushed five times a second.
    const edge = mesh.proxies.get('edge-0');
    report(ways, load, lossesOf(load.lost, edge === undefined ? [] : accessLog(edge)));
  } finally {
    await mesh.stop();
    for (const stack of stacks) stack.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Each tool in turn makes the same shift, and in the next round the reverse shift. In between, the route is reset
 * without the tools: each of them compares with its own last state.
 */
async function loaded(ways: Way[], view: MeshView, port: number, api: RealMesh['api']): Promise<Loaded> {
  let [from, to]: [Weights, Weights] = [
    { v1: 90, v2: 10 },
    { v1: 50, v2: 50 },
  ];
  const live = (before: Weights, after: Weights): Promise<string> =>
    proveRoute(routeOf(before), routeOf(after), { mesh: view, timeoutMs: 60_000, log: () => undefined });
  // The first run does not count: it creates resources, and plugins are not in the file cache yet.
  for (const way of ways) {
    await way.shift(from);
    way.proofs.length = 0;
  }
  const load = await startLoad({ url: `http://127.0.0.1:${port}/`, host: shopHost, rate: 300, seconds: 1800 });
  for (let turn = 0; turn < runs; turn++) {
    for (const way of ways) {
      await api.apply(routeOf(from));
      await live(to, from);
      const began = performance.now();
      const shifting = way.shift(to).then(() => way.took.push(performance.now() - began));
      await live(from, to);
      way.times.push(performance.now() - began);
      await shifting;
    }
    [from, to] = [to, from];
  }
  return load.stop();
}

function pulumi(stack: RealStack, mesh: RealMesh, enabled: boolean): Way {
  const shift = async (weights: Weights): Promise<void> => {
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
    const { status, output } = await stack.begin('up').ended;
    if (status !== 0) throw new Error(output);
    const [, proof] = /live on \d+ of \d+ proxies after ([\d.]+) s/.exec(output) ?? [];
    if (proof !== undefined) way.proofs.push(Number(proof) * 1000);
  };
  const way = { name: enabled ? 'pulumi up' : 'pulumi up without proof', shift, ...nothing() };
  return way;
}

function kubectl(mesh: RealMesh, folder: string): Way {
  const file = join(folder, 'route.yaml');
  const shift = async (weights: Weights): Promise<void> => {
    writeFileSync(file, documents(weights));
    await run(mesh.lab.kubectl, ['apply', '--server-side', '--force-conflicts', '-f', file], { env: mesh.lab.env });
  };
  return { name: 'kubectl apply', shift, ...nothing() };
}

function helm(mesh: RealMesh, folder: string): Way {
  const chart = join(folder, 'chart');
  mkdirSync(join(chart, 'templates'), { recursive: true });
  writeFileSync(join(chart, 'Chart.yaml'), stringify({ apiVersion: 'v2', name: 'route', version: '1.0.0' }));
  const shift = async (weights: Weights): Promise<void> => {
    writeFileSync(join(chart, 'templates', 'route.yaml'), documents(weights));
    await run('helm', ['upgrade', '--install', '--take-ownership', 'route', chart, '--namespace', 'shop'], {
      env: mesh.lab.env,
    });
  };
  return { name: 'helm upgrade', shift, ...nothing() };
}

function report(ways: Way[], { requests, failed }: Loaded, losses: Losses): void {
  const base = ways.find(({ name }) => name === 'kubectl apply');
  for (const { name, times, took } of ways) {
    const ratio =
      base === undefined
        ? ''
        : `, ${(percentile(times, 50) / percentile(base.times, 50)).toFixed(2)} times that of kubectl apply`;
    console.log(
      `${name}: live after ${seconds(percentile(times, 50))} (median)${ratio}, p95 ${seconds(percentile(times, 95))}; the command took ${seconds(percentile(took, 50))}, p95 ${seconds(percentile(took, 95))}`,
    );
  }
  console.log(`${failed} of ${requests} requests lost${failed === 0 ? '' : `: ${JSON.stringify(losses)}`}`);
  const [proven, bare] = ways;
  if (proven === undefined || bare === undefined) return;
  const [added, difference] = [percentile(proven.proofs, 95), percentile(proven.took, 50) - percentile(bare.took, 50)];
  console.log(
    `the proof takes ${seconds(percentile(proven.proofs, 50))} of the update in the median, ${seconds(added)} at p95; target at most 1 s: ${added <= 1000 ? 'met' : 'missed'}; the medians of the whole commands are ${seconds(difference)} apart`,
  );
}

function nothing(): Pick<Way, 'times' | 'took' | 'proofs'> {
  return { times: [], took: [], proofs: [] };
}

function routeOf(weights: Weights): KubernetesObject {
  const route = shopRouteObjects({ versions, weights }).find(({ kind }) => kind === 'VirtualService');
  if (route === undefined) throw new Error('these settings have no route');
  return route;
}

function documents(weights: Weights): string {
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
