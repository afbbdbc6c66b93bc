import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { trafficModel } from '../../traffic/route';
import { misfit } from './generated/bound';
import { expected } from './generated/expected';
import { digest, withCreationTimes, type Recording } from './generated/recording';
import { routeSet } from './generated/route-set';
import { meshConfig, worldObjects } from './generated/world';

const file = join(__dirname, 'recorded', 'route-sets.generated.json');

describe('routing model against recorded answers of istiod and Envoy', () => {
  it('predicts every recorded request', function () {
    if (!existsSync(file)) {
      console.log('    skipped: nothing is recorded');
      this.skip();
    }
    const recording = JSON.parse(readFileSync(file, 'utf8')) as Recording;
    assert.ok(recording.sets.length > 0);
    const wrong: string[] = [];
    for (const { seed, digest: recorded, created, results } of recording.sets) {
      const set = routeSet(seed, recording.requests);
      assert.equal(digest(set), recorded, `the generator has changed since set ${seed} was recorded: record anew`);
      const traffic = trafficModel([...worldObjects, ...withCreationTimes(set.objects, created)], { meshConfig });
      set.requests.forEach(({ from, request }, index) => {
        const result = results[index] ?? [];
        const pairs = typeof result === 'number' ? [[result, 1] as const] : result;
        const counts = new Map(pairs.map(([text, count]) => [recording.texts[text] ?? '', count]));
        const problem = misfit(expected(traffic, from, request), counts);
        if (problem !== undefined) wrong.push(`set ${seed} request ${index}: ${problem}`);
      });
    }
    assert.deepEqual(wrong, []);
  });
});
