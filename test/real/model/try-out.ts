import { setTimeout as delay } from 'node:timers/promises';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import type { Request } from '../../../mesh/traffic/request';
import { trafficModel } from '../../../mesh/traffic/traffic-model';
import { misfit } from '../../mesh/traffic/generated/bound';
import type { Predict } from '../../mesh/traffic/generated/expected';
import { digest, type RecordedSet } from '../../mesh/traffic/generated/recording';
import type { GeneratedSet } from '../../mesh/traffic/generated/route-set';

/** How sets of one kind are tested. */
export interface Trial<From extends string> {
  /** Objects that every set is added to. */
  world: readonly KubernetesObject[];
  meshConfig: Record<string, unknown>;
  predict: Predict<From>;
  /** How often a request with several possible outcomes is sent, and sent again before it counts as wrong. */
  times: [often: number, moreOften: number];
}

/** A real mesh for testing sets. */
export interface Place<From extends string> {
  /**
   * Replaces the objects of the last set, and waits until the proxies have them.
   * @returns the objects as the API server has them
   */
  deploy(objects: readonly KubernetesObject[]): Promise<KubernetesObject[]>;
  /**
   * Sends a request several times, over connections that were opened after the last call of {@link deploy}, and counts
   * the observations.
   */
  observe(from: From, request: Request, times: number): Promise<Map<string, number>>;
}

/** Deploys a set, sends its requests, and compares the answers with the predictions. */
export async function tryOut<From extends string>(
  place: Place<From>,
  { world, meshConfig, predict, times: [often, moreOften] }: Trial<From>,
  seed: number,
  set: GeneratedSet<From>,
  texts: string[],
): Promise<{ recorded: RecordedSet; problems: string[]; unknown: number }> {
  const objects = await place.deploy(set.objects);
  const traffic = trafficModel([...world, ...objects], { meshConfig, complete: true });
  const problems: string[] = [];
  const results: RecordedSet['results'] = [];
  let unknown = 0;
  for (const [index, { from, request }] of set.requests.entries()) {
    const prediction = predict(traffic, from, request);
    if (prediction.size === 0) unknown++;
    let counts = await place.observe(from, request, prediction.size > 1 ? often : 1);
    // The threads of a proxy start to use a new listener at different times.
    for (const milliseconds of [300, 1000, 3000]) {
      if (misfit(prediction, counts) === undefined) break;
      await delay(milliseconds);
      counts = await place.observe(from, request, prediction.size > 1 ? moreOften : 1);
    }
    const problem = misfit(prediction, counts);
    if (problem !== undefined) {
      problems.push(
        `set ${seed} request ${index} from ${from} ${JSON.stringify(request)}: ${problem}; predicted ${JSON.stringify([...prediction])}`,
      );
    }
    results.push(compact(counts, texts));
  }
  return { recorded: { seed, digest: digest(set), created: createdOf(objects), results }, problems, unknown };
}

function createdOf(objects: readonly KubernetesObject[]): number[] {
  const times = objects.map((object) =>
    Date.parse(String((object.metadata as { creationTimestamp?: unknown }).creationTimestamp)),
  );
  return times.map((time) => (time - Math.min(...times)) / 1000);
}

function compact(counts: ReadonlyMap<string, number>, texts: string[]): RecordedSet['results'][number] {
  const pairs = [...counts].map(([text, count]): [number, number] => {
    if (!texts.includes(text)) texts.push(text);
    return [texts.indexOf(text), count];
  });
  const [only] = pairs;
  return pairs.length === 1 && only?.[1] === 1 ? only[0] : pairs;
}
