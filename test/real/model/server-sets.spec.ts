import assert from 'node:assert/strict';
import { START_TIMEOUT_MS } from '../../cluster/lab/support';
import { expectedAtServer } from '../../mesh/traffic/generated/expected-server';
import { serverSet } from '../../mesh/traffic/generated/server-set';
import { serverMeshConfig, serverWorld } from '../../mesh/traffic/generated/server-world';
import { findPrograms } from '../traffic/programs';
import { LabPlace } from './lab-place';
import { runSets, setCount } from './run-sets';

const kind = {
  title: 'sets of policies and TLS settings for servers with sidecars',
  sets: setCount(300, 5),
  requests: 50,
  generate: serverSet,
  world: serverWorld,
  meshConfig: serverMeshConfig,
  predict: expectedAtServer,
  times: [30, 300] as [number, number],
  recording: 'server-sets',
};

describe(`routing model against istiod and Envoy: ${kind.title}`, function () {
  this.timeout(3 * 3600 * 1000);
  let place: LabPlace | undefined;

  before(async function () {
    this.timeout(START_TIMEOUT_MS);
    place = await LabPlace.start(this, kind.world, kind.meshConfig);
  });

  after(() => place?.stop());

  it(`predicts what they do with ${kind.sets} of them, ${kind.requests} times each`, async () => {
    const programs = await findPrograms();
    assert.ok(place !== undefined && typeof programs !== 'string');
    assert.deepEqual(await runSets(programs, place, kind), []);
  });
});
