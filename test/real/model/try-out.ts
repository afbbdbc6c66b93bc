import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { Request } from '../../../mesh/traffic/request';
import { trafficModel } from '../../../mesh/traffic/traffic-model';
import { misfit } from '../../mesh/traffic/generated/bound';
import type { Predict } from '../../mesh/traffic/generated/expected';
import { digest, type RecordedSet } from '../../mesh/traffic/generated/recording';
import type { RouteSet } from '../../mesh/traffic/generated/route-set';
import { gatewayProxy, meshConfig } from '../../mesh/traffic/generated/world';
import { until } from '../traffic/child';
import { send } from '../traffic/client';
import type { RealMesh } from '../traffic/mesh';

/** Requests of which several outcomes are possible are sent this often; and again, more often, before they count as wrong. */
const [often, moreOften] = [60, 1000];
const markerPort = 18092;

/** How sets of one kind are tested. */
export interface Trial {
  /** Objects that every set is added to. */
  world: readonly KubernetesObject[];
  predict: Predict;
  observe: (request: Request, times: number) => Promise<Map<string, number>>;
}

const istio = (kind: string, name: string, spec: Record<string, unknown>): KubernetesObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind,
  metadata: { name, namespace: 'istio-system' },
  spec,
});

export const markerGateway = istio('Gateway', 'marker', {
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

/** Deploys a set to the proxies, sends its requests, and compares the answers with the predictions. */
export async function tryOut(
  mesh: RealMesh,
  { world, predict, observe }: Trial,
  seed: number,
  set: RouteSet,
  texts: string[],
): Promise<{ recorded: RecordedSet; problems: string[] }> {
  const objects = (await mesh.apply([...set.objects, marker(`${seed} sent`)])).slice(0, -1);
  await seen(`${seed} sent`);
  // Each kind has a watch of its own, so another object may still be on its way; a second round comes after it.
  await mesh.apply([...set.objects, marker(`${seed} there`)]);
  await seen(`${seed} there`);
  const traffic = trafficModel([...world, markerGateway, ...objects], { meshConfig, complete: true });
  const problems: string[] = [];
  const results: RecordedSet['results'] = [];
  for (const [index, { from, request }] of set.requests.entries()) {
    const prediction = predict(traffic, from, request);
    let counts = await observe(request, prediction.size > 1 ? often : 1);
    // Policies come with the listener, and each of a proxy's threads takes a new one when it comes to it.
    for (const milliseconds of [300, 1000, 3000]) {
      if (misfit(prediction, counts) === undefined) break;
      await delay(milliseconds);
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
