import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { trafficModel } from '../../../mesh/traffic/traffic-model';
import { misfit } from './generated/bound';
import { connectionSet, openConnectionSet } from './generated/connection-set';
import { connectionObjects } from './generated/connection-world';
import { expected, type Predict } from './generated/expected';
import { expectedConnection } from './generated/expected-connection';
import { expectedAtServer } from './generated/expected-server';
import { expectedUnderPolicies, policySet } from './generated/policy-set';
import { digest, withCreationTimes, type Recording } from './generated/recording';
import { type GeneratedSet, openRouteSet, routeSet, type Side } from './generated/route-set';
import { serverSet } from './generated/server-set';
import { serverMeshConfig, serverWorld, type Sender } from './generated/server-world';
import { meshConfig, openMeshConfig, worldObjects } from './generated/world';

const connectionWorld = [...worldObjects, ...connectionObjects];

/** Answers of istiod and Envoy to generated sets of one kind. */
interface Recorded<From extends string> {
  title: string;
  file: string;
  generate: (seed: number, requests: number) => GeneratedSet<From>;
  world: readonly KubernetesObject[];
  meshConfig: Record<string, unknown>;
  predict: Predict<From>;
  /** `unknown`: answers that the model calls unknown. */
  counted: { sets: number; compared: number; unknown: number };
}

describe('routing model against recorded answers of istiod and Envoy', () => {
  replays<Side>({
    title: 'request',
    file: 'route-sets',
    generate: routeSet,
    world: worldObjects,
    meshConfig,
    predict: expected,
    counted: { sets: 300, compared: 15_000, unknown: 0 },
  });
  replays<Side>({
    title: 'request, ALLOW_ANY',
    file: 'open-route-sets',
    generate: openRouteSet,
    world: worldObjects,
    meshConfig: openMeshConfig,
    predict: expected,
    counted: { sets: 100, compared: 5_000, unknown: 0 },
  });
  replays<Side>({
    title: 'request behind the policies of a gateway',
    file: 'policy-sets',
    generate: policySet,
    world: worldObjects,
    meshConfig,
    predict: expectedUnderPolicies,
    counted: { sets: 300, compared: 15_000, unknown: 0 },
  });
  replays<Sender>({
    title: 'request to servers with sidecars',
    file: 'server-sets',
    generate: serverSet,
    world: serverWorld,
    meshConfig: serverMeshConfig,
    predict: expectedAtServer,
    // Unknown: 4.7 %, no more than 5.
    counted: { sets: 300, compared: 14_290, unknown: 710 },
  });
  replays<Side>({
    title: 'connection',
    file: 'connection-sets',
    generate: connectionSet,
    world: connectionWorld,
    meshConfig,
    predict: expectedConnection,
    counted: { sets: 100, compared: 2_925, unknown: 75 },
  });
  replays<Side>({
    title: 'connection, ALLOW_ANY',
    file: 'open-connection-sets',
    generate: openConnectionSet,
    world: connectionWorld,
    meshConfig: openMeshConfig,
    predict: expectedConnection,
    counted: { sets: 100, compared: 2_925, unknown: 75 },
  });
});

function replays<From extends string>({
  title,
  file,
  generate,
  world,
  meshConfig: config,
  predict,
  counted,
}: Recorded<From>): void {
  it(`predicts every recorded ${title}: ${JSON.stringify(counted)}`, () => {
    const text = readFileSync(join(__dirname, 'recorded', `${file}.generated.json`), 'utf8');
    const recording = JSON.parse(text) as Recording;
    const found = { sets: recording.sets.length, compared: 0, unknown: 0 };
    const wrong: string[] = [];
    for (const { seed, digest: recorded, created, results } of recording.sets) {
      const set = generate(seed, recording.requests);
      assert.equal(digest(set), recorded, `the generator has changed since set ${seed} was recorded: record anew`);
      const objects = [...world, ...withCreationTimes(set.objects, created)];
      const traffic = trafficModel(objects, { meshConfig: config, complete: true });
      set.requests.forEach(({ from, request }, index) => {
        const result = results[index];
        assert.ok(result !== undefined, `set ${seed} lacks what was observed of ${title} ${index}`);
        const pairs = typeof result === 'number' ? [[result, 1] as const] : result;
        const counts = new Map(pairs.map(([seen, count]) => [recording.texts[seen] ?? '', count]));
        const prediction = predict(traffic, from, request);
        const problem = misfit(prediction, counts);
        if (problem !== undefined) wrong.push(`set ${seed} ${title} ${index}: ${problem}`);
        assert.ok(counts.size > 0, `set ${seed} has no answer to ${title} ${index}`);
        found[prediction.size === 0 ? 'unknown' : 'compared']++;
      });
    }
    assert.deepEqual({ ...found, wrong }, { ...counted, wrong: [] });
  });
}
