import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { trafficModel } from '../../traffic/route';
import { misfit } from './generated/bound';
import { connectionSet } from './generated/connection-set';
import { connectionObjects } from './generated/connection-world';
import { expected } from './generated/expected';
import { expectedConnection } from './generated/expected-connection';
import { digest, withCreationTimes, type Recording } from './generated/recording';
import { routeSet } from './generated/route-set';
import { meshConfig, worldObjects } from './generated/world';

const kinds = [
  { title: 'request', file: 'route-sets', generate: routeSet, world: worldObjects, predict: expected },
  {
    title: 'connection',
    file: 'connection-sets',
    generate: connectionSet,
    world: [...worldObjects, ...connectionObjects],
    predict: expectedConnection,
  },
];

describe('routing model against recorded answers of istiod and Envoy', () => {
  for (const { title, file, generate, world, predict } of kinds) {
    it(`predicts every recorded ${title}`, () => {
      const text = readFileSync(join(__dirname, 'recorded', `${file}.generated.json`), 'utf8');
      const recording = JSON.parse(text) as Recording;
      assert.ok(recording.sets.length >= 100);
      const wrong: string[] = [];
      for (const { seed, digest: recorded, created, results } of recording.sets) {
        const set = generate(seed, recording.requests);
        assert.equal(digest(set), recorded, `the generator has changed since set ${seed} was recorded: record anew`);
        const traffic = trafficModel([...world, ...withCreationTimes(set.objects, created)], { meshConfig });
        set.requests.forEach(({ from, request }, index) => {
          const result = results[index] ?? [];
          const pairs = typeof result === 'number' ? [[result, 1] as const] : result;
          const counts = new Map(pairs.map(([seen, count]) => [recording.texts[seen] ?? '', count]));
          const problem = misfit(predict(traffic, from, request), counts);
          if (problem !== undefined) wrong.push(`set ${seed} ${title} ${index}: ${problem}`);
        });
      }
      assert.deepEqual(wrong, []);
    });
  }
});
