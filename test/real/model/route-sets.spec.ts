import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject } from '../../../components/manifests/kubernetes';
import { trafficModel } from '../../../traffic/route';
import { misfit } from '../../traffic/generated/bound';
import { expected } from '../../traffic/generated/expected';
import { digest, type RecordedSet, type Recording } from '../../traffic/generated/recording';
import { routeSet } from '../../traffic/generated/route-set';
import {
  backendPort,
  clientProxy,
  gatewayProxy,
  instances,
  meshConfig,
  worldObjects,
} from '../../traffic/generated/world';
import { send } from '../traffic/client';
import { until } from '../traffic/child';
import { startMesh, type RealMesh } from '../traffic/mesh';
import { findPrograms } from '../traffic/programs';
import { observe } from './observe';

const sets = Number(process.env['MESHWRIGHT_SETS'] ?? 300);
const first = Number(process.env['MESHWRIGHT_FIRST_SET'] ?? 1);
const requests = 50;
/** Requests of which several outcomes are possible are sent this often; and again, more often, before they count as wrong. */
const [often, moreOften] = [60, 1000];
const markerPort = 18092;

const istio = (kind: string, name: string, spec: Record<string, unknown>): KubernetesObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind,
  metadata: { name, namespace: 'istio-system' },
  spec,
});

const markerGateway = istio('Gateway', 'marker', {
  selector: gatewayProxy.labels,
  servers: [
    { port: { number: markerPort, name: 'http', protocol: 'HTTP' }, bind: '127.0.0.1', hosts: ['marker.test'] },
  ],
});

/** Says which set the proxies have: a route that answers with its text. */
const marker = (text: string): KubernetesObject =>
  istio('VirtualService', 'marker', {
    hosts: ['marker.test'],
    gateways: ['marker', 'mesh'],
    http: [{ directResponse: { status: 200, body: { string: text } } }],
  });

describe('routing model against istiod and Envoy', function () {
  this.timeout(3 * 3600 * 1000);
  let mesh: RealMesh | undefined;

  before(async function () {
    const programs = findPrograms();
    if (typeof programs === 'string') {
      console.log(`    skipped: ${programs}`);
      this.skip();
    }
    mesh = await startMesh({
      programs,
      objects: [...worldObjects, markerGateway],
      meshConfig,
      backends: instances.map(({ service, version, address }) => ({
        name: `${service} ${version}`,
        address,
        ports: [backendPort],
      })),
      proxies: [
        { name: 'gateway', type: 'router', ...gatewayProxy, address: '127.0.0.8' },
        { name: 'client', type: 'sidecar', ...clientProxy, address: '127.0.0.9' },
      ],
      log: (line) => console.log(`    ${line}`),
    });
  });

  after(() => mesh?.stop());

  it(`predicts what they do with ${sets} generated sets of rules and ${requests} requests to each`, async () => {
    const started = mesh;
    assert.ok(started);
    const recording: Recording = { istio: '1.30.3', envoy: '1.38.3', requests, texts: [], sets: [] };
    const wrong: string[] = [];
    for (let seed = first; seed < first + sets; seed++) {
      const { recorded, problems } = await tryOut(started, seed, recording.texts);
      recording.sets.push(recorded);
      wrong.push(...problems);
      for (const problem of problems) console.log(`    ${problem}`);
      if (seed % 10 === 0) console.log(`    ${seed - first + 1} of ${sets} sets, ${wrong.length} differences`);
    }
    if (process.env['MESHWRIGHT_RECORD'] === '1') {
      writeFileSync(
        join(__dirname, '..', '..', 'traffic', 'recorded', 'route-sets.generated.json'),
        `${JSON.stringify(recording)}\n`,
      );
    }
    assert.deepEqual(wrong, []);
  });
});

async function tryOut(
  mesh: RealMesh,
  seed: number,
  texts: string[],
): Promise<{ recorded: RecordedSet; problems: string[] }> {
  const set = routeSet(seed, requests);
  const objects = (await mesh.apply([...set.objects, marker(`${seed} sent`)])).slice(0, -1);
  await seen(`${seed} sent`);
  // Each kind has a watch of its own, so another object may still be on its way; a second round comes after it.
  await mesh.apply([...set.objects, marker(`${seed} there`)]);
  await seen(`${seed} there`);
  const traffic = trafficModel([...worldObjects, markerGateway, ...objects], { meshConfig });
  const problems: string[] = [];
  const results: RecordedSet['results'] = [];
  for (const [index, { from, request }] of set.requests.entries()) {
    const prediction = expected(traffic, from, request);
    let counts = await observe(request, prediction.size > 1 ? often : 1);
    if (misfit(prediction, counts) !== undefined) {
      await delay(300);
      counts = await observe(request, prediction.size > 1 ? moreOften : 1);
    }
    const problem = misfit(prediction, counts);
    if (problem !== undefined) {
      problems.push(
        `set ${seed} request ${index} from ${from} ${JSON.stringify(request)}: ${problem}; predicted ${JSON.stringify([...prediction])}`,
      );
    }
    results.push(compact(counts, texts));
  }
  const times = objects.map((object) =>
    Date.parse(String((object.metadata as { creationTimestamp?: unknown }).creationTimestamp)),
  );
  const created = times.map((time) => (time - Math.min(...times)) / 1000);
  return { recorded: { seed, digest: digest(set), created, results }, problems };
}

async function seen(text: string): Promise<void> {
  const has = async (port: number): Promise<true | undefined> =>
    (await send({ port, headers: { host: 'marker.test' } })).body === text ? true : undefined;
  await until(`set ${text} at the gateway`, () => has(markerPort), undefined, 30);
  await until(`set ${text} at the client`, () => has(80), undefined, 30);
}

function compact(counts: ReadonlyMap<string, number>, texts: string[]): RecordedSet['results'][number] {
  const pairs = [...counts].map(([text, count]): [number, number] => {
    if (!texts.includes(text)) texts.push(text);
    return [texts.indexOf(text), count];
  });
  const [only] = pairs;
  return pairs.length === 1 && only?.[1] === 1 ? only[0] : pairs;
}
