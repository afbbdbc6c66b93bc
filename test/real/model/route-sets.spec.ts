import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { trafficModel } from '../../../mesh/traffic/traffic-model';
import { connectionSet } from '../../mesh/traffic/generated/connection-set';
import { connectionObjects } from '../../mesh/traffic/generated/connection-world';
import { expected } from '../../mesh/traffic/generated/expected';
import { connectionPredictor } from '../../mesh/traffic/generated/expected-connection';
import { expectedUnderPolicies, policySet } from '../../mesh/traffic/generated/policy-set';
import type { Recording } from '../../mesh/traffic/generated/recording';
import { routeSet, type RouteSet } from '../../mesh/traffic/generated/route-set';
import {
  backendPort,
  clientProxy,
  gatewayProxy,
  instances,
  meshConfig,
  worldObjects,
} from '../../mesh/traffic/generated/world';
import { long } from '../../support/long';
import { startMesh, type RealMesh } from '../traffic/mesh';
import { findPrograms } from '../traffic/programs';
import { observeConnections, startConnectionBackends } from './connect';
import { observe } from './observe';
import { markerGateway, tryOut, type Trial } from './try-out';

const first = Number(process.env['MESHWRIGHT_FIRST_SET'] ?? 1);
const stated = process.env['MESHWRIGHT_SETS'];
const setsOf = (whole: number, part: number): number => Number(stated ?? (long ? whole : part));

interface Kind extends Trial {
  title: string;
  sets: number;
  requests: number;
  generate: (seed: number, requests: number) => RouteSet;
  recording: string;
}

// Tests of connections need the HTTP world, too: a sidecar answers for the marker only if some service has its port.
const kinds: Kind[] = [
  {
    title: 'sets of rules for requests',
    sets: setsOf(300, 10),
    requests: 50,
    generate: routeSet,
    world: worldObjects,
    predict: expected,
    observe,
    recording: 'route-sets.generated.json',
  },
  {
    title: 'sets of policies for requests at a gateway',
    sets: setsOf(300, 5),
    requests: 50,
    generate: policySet,
    world: worldObjects,
    predict: expectedUnderPolicies,
    observe,
    recording: 'policy-sets.generated.json',
  },
  {
    title: 'sets of rules for connections',
    sets: setsOf(100, 5),
    requests: 30,
    generate: connectionSet,
    world: [...worldObjects, ...connectionObjects],
    predict: connectionPredictor(trafficModel([...worldObjects, ...connectionObjects], { meshConfig, complete: true })),
    observe: observeConnections,
    recording: 'connection-sets.generated.json',
  },
];

for (const { title, sets, requests, generate, recording: file, ...trial } of kinds) {
  describe(`routing model against istiod and Envoy: ${title}`, function () {
    this.timeout(3 * 3600 * 1000);
    let mesh: RealMesh | undefined;
    let stopBackends = (): Promise<void> => Promise.resolve();

    before(async function () {
      const programs = await findPrograms();
      if (typeof programs === 'string') {
        console.log(`    skipped: ${programs}`);
        this.skip();
      }
      stopBackends = await startConnectionBackends();
      mesh = await startMesh({
        programs,
        objects: [...trial.world, markerGateway],
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

    after(async () => {
      await mesh?.stop();
      await stopBackends();
    });

    it(`predicts what they do with ${sets} of them, ${requests} times each`, async () => {
      const started = mesh;
      assert.ok(started);
      const recording: Recording = { istio: '1.30.3', envoy: '1.38.3', requests, texts: [], sets: [] };
      const wrong: string[] = [];
      for (let seed = first; seed < first + sets; seed++) {
        const { recorded, problems } = await tryOut(started, trial, seed, generate(seed, requests), recording.texts);
        recording.sets.push(recorded);
        wrong.push(...problems);
        for (const problem of problems) console.log(`    ${problem}`);
        if (seed % 10 === 0) console.log(`    ${seed - first + 1} of ${sets} sets, ${wrong.length} differences`);
      }
      if (process.env['MESHWRIGHT_RECORD'] === '1') {
        writeFileSync(
          join(__dirname, '..', '..', 'mesh', 'traffic', 'recorded', file),
          `${JSON.stringify(recording)}\n`,
        );
      }
      assert.deepEqual(wrong, []);
    });
  });
}
