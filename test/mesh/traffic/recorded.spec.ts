import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { route } from '../../../mesh/traffic/route';
import { trafficModel } from '../../../mesh/traffic/traffic-model';
import { misfit } from './generated/bound';
import { connectionSet } from './generated/connection-set';
import { connectionObjects } from './generated/connection-world';
import { expected, proxies } from './generated/expected';
import { connectionPredictor } from './generated/expected-connection';
import { expectedUnderPolicies, policySet } from './generated/policy-set';
import { digest, withCreationTimes, type Recording } from './generated/recording';
import { routeSet } from './generated/route-set';
import { meshConfig, worldObjects } from './generated/world';

const connectionWorld = [...worldObjects, ...connectionObjects];

// `refused`: the model alone cannot tell, as Envoy refuses the listener; compared with the last one that it took.
const kinds = [
  {
    title: 'request',
    file: 'route-sets',
    generate: routeSet,
    world: worldObjects,
    predict: expected,
    counted: { sets: 300, compared: 15_000, refused: 0 },
  },
  {
    title: 'request behind the policies of a gateway',
    file: 'policy-sets',
    generate: policySet,
    world: worldObjects,
    predict: expectedUnderPolicies,
    counted: { sets: 267, compared: 13_350, refused: 0 },
  },
  {
    title: 'connection',
    file: 'connection-sets',
    generate: connectionSet,
    world: connectionWorld,
    predict: connectionPredictor(trafficModel(connectionWorld, { meshConfig, complete: true })),
    counted: { sets: 100, compared: 3_000, refused: 75 },
  },
];

describe('routing model against recorded answers of istiod and Envoy', () => {
  for (const { title, file, generate, world, predict, counted } of kinds) {
    it(`predicts every recorded ${title}: ${JSON.stringify(counted)}`, () => {
      const text = readFileSync(join(__dirname, 'recorded', `${file}.generated.json`), 'utf8');
      const recording = JSON.parse(text) as Recording;
      const found = { sets: recording.sets.length, compared: 0, refused: 0 };
      const wrong: string[] = [];
      for (const { seed, digest: recorded, created, results } of recording.sets) {
        const set = generate(seed, recording.requests);
        assert.equal(digest(set), recorded, `the generator has changed since set ${seed} was recorded: record anew`);
        const traffic = trafficModel([...world, ...withCreationTimes(set.objects, created)], {
          meshConfig,
          complete: true,
        });
        set.requests.forEach(({ from, request }, index) => {
          const result = results[index];
          assert.ok(result !== undefined, `set ${seed} lacks what was observed of ${title} ${index}`);
          const pairs = typeof result === 'number' ? [[result, 1] as const] : result;
          const counts = new Map(pairs.map(([seen, count]) => [recording.texts[seen] ?? '', count]));
          const problem = misfit(predict(traffic, from, request), counts);
          if (problem !== undefined) wrong.push(`set ${seed} ${title} ${index}: ${problem}`);
          found.compared += counts.size === 0 ? 0 : 1;
          if (route(traffic, proxies[from], request).kind === 'unknown') found.refused++;
        });
      }
      assert.deepEqual({ ...found, wrong }, { ...counted, wrong: [] });
    });
  }
});
