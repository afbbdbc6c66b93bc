import { strict as assert } from 'node:assert';
import { historyOf, recordDeployed, recordLive } from '../../../cli/shift/history';
import { Rig, stackText } from './support';

describe('the history of a route', () => {
  const route = 'shop/cart';
  const first = { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 0 } };
  const second = { versions: ['v1', 'v2'], weights: { v1: 'rest', v2: 5 } };
  const secondText = stackText.replace('v2: 0 # canary', 'v2: 5 # canary');
  let rig: Rig;
  beforeEach(() => (rig = new Rig()));
  afterEach(() => rig.remove());

  const deployed = (text: string, now: number, proven: string[] = []): void =>
    recordDeployed(rig.store, text, [route], { isProven: (name) => proven.includes(name), now });

  it('has a state that no proxy was seen to serve, without a proof', () => {
    deployed(stackText, 1);
    assert.deepEqual(historyOf(rig.store, route), [{ settings: first, deployedAt: 1 }]);
  });

  it('keeps the time of the proof when the same state is deployed again without one', () => {
    deployed(stackText, 1, [route]);
    deployed(stackText, 2);
    assert.deepEqual(historyOf(rig.store, route), [{ settings: first, deployedAt: 1, provenAt: 1 }]);
    recordLive(rig.store, stackText, [route], 3);
    assert.deepEqual(historyOf(rig.store, route), [{ settings: first, deployedAt: 1, provenAt: 3 }]);
  });

  it('does not count an old proof for a state that comes back', () => {
    deployed(stackText, 1, [route]);
    deployed(secondText, 2, [route]);
    deployed(stackText, 3);
    assert.deepEqual(historyOf(rig.store, route), [
      { settings: first, deployedAt: 3 },
      { settings: second, deployedAt: 2, provenAt: 2 },
    ]);
  });

  it('keeps the present state and the ten before it', () => {
    for (let weight = 0; weight <= 20; weight++)
      deployed(stackText.replace('v2: 0 # canary', `v2: ${weight} # canary`), weight);
    assert.deepEqual(
      historyOf(rig.store, route).map(({ deployedAt }) => deployedAt),
      Array.from({ length: 11 }, (_, index) => 20 - index),
    );
  });
});
