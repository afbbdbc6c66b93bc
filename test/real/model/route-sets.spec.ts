import assert from 'node:assert/strict';
import type { Request } from '../../../mesh/traffic/request';
import { connectionSet, openConnectionSet } from '../../mesh/traffic/generated/connection-set';
import { connectionBackendPort, connectionObjects } from '../../mesh/traffic/generated/connection-world';
import { expected } from '../../mesh/traffic/generated/expected';
import { expectedConnection } from '../../mesh/traffic/generated/expected-connection';
import { expectedUnderPolicies, policySet } from '../../mesh/traffic/generated/policy-set';
import { openRouteSet, routeSet, type Side } from '../../mesh/traffic/generated/route-set';
import {
  backendPort,
  clientProxy,
  gatewayProxy,
  instances,
  meshConfig,
  openMeshConfig,
  outside,
  worldObjects,
} from '../../mesh/traffic/generated/world';
import { startMesh, type RealMesh } from '../traffic/mesh';
import { findPrograms, type Programs } from '../traffic/programs';
import { observeConnections, startConnectionBackends } from './connect';
import { HostPlace, markerGateway } from './host-place';
import { observe } from './observe';
import { runSets, setCount, type Sets } from './run-sets';

interface Kind extends Sets<Side> {
  send: (request: Request, times: number) => Promise<Map<string, number>>;
  /** Port of the stand-in for the address that a client asked for. */
  outsidePort: number;
}

const requestKind = { requests: 50, world: worldObjects, send: observe, outsidePort: backendPort };
// Tests of connections need the HTTP world, too: a sidecar answers for the marker only if some service has its port.
const connectionWorld = [...worldObjects, ...connectionObjects];
const connectionKind = {
  requests: 30,
  world: connectionWorld,
  send: observeConnections,
  outsidePort: connectionBackendPort,
};
const times: [number, number] = [60, 1000];

const kinds: Kind[] = [
  {
    title: 'sets of rules for requests',
    sets: setCount(300, 10),
    generate: routeSet,
    meshConfig,
    predict: expected,
    recording: 'route-sets',
    ...{ ...requestKind, times },
  },
  {
    title: 'sets of rules for requests, ALLOW_ANY',
    sets: setCount(100, 3),
    generate: openRouteSet,
    meshConfig: openMeshConfig,
    predict: expected,
    recording: 'open-route-sets',
    ...{ ...requestKind, times },
  },
  {
    title: 'sets of policies for requests at a gateway',
    sets: setCount(300, 5),
    generate: policySet,
    meshConfig,
    predict: expectedUnderPolicies,
    recording: 'policy-sets',
    ...{ ...requestKind, times },
  },
  {
    title: 'sets of rules for connections',
    sets: setCount(100, 5),
    generate: connectionSet,
    meshConfig,
    predict: expectedConnection,
    recording: 'connection-sets',
    ...{ ...connectionKind, times },
  },
  {
    title: 'sets of rules for connections, ALLOW_ANY',
    sets: setCount(100, 3),
    generate: openConnectionSet,
    meshConfig: openMeshConfig,
    predict: expectedConnection,
    recording: 'open-connection-sets',
    ...{ ...connectionKind, times },
  },
];

for (const kind of kinds) {
  describe(`routing model against istiod and Envoy: ${kind.title}`, function () {
    this.timeout(3 * 3600 * 1000);
    let programs: Programs | undefined;
    let mesh: RealMesh | undefined;
    let stopBackends = (): Promise<void> => Promise.resolve();

    before(async function () {
      const found = await findPrograms();
      if (typeof found === 'string') {
        console.log(`    skipped: ${found}`);
        this.skip();
      }
      programs = found;
      stopBackends = await startConnectionBackends();
      const to = `${outside.address}:${kind.outsidePort}`;
      mesh = await startMesh({
        programs,
        objects: [...kind.world, markerGateway],
        meshConfig: kind.meshConfig,
        backends: [
          ...instances.map(({ service, version, address }) => ({ name: `${service} ${version}`, address })),
          outside,
        ].map((backend) => ({ ...backend, ports: [backendPort] })),
        proxies: [
          { name: 'gateway', type: 'router', ...gatewayProxy, address: '127.0.0.8' },
          { name: 'client', type: 'sidecar', ...clientProxy, address: '127.0.0.9', outside: to },
        ],
        log: (line) => console.log(`    ${line}`),
      });
    });

    after(async () => {
      await mesh?.stop();
      await stopBackends();
    });

    it(`predicts what they do with ${kind.sets} of them, ${kind.requests} times each`, async () => {
      assert.ok(programs !== undefined && mesh !== undefined);
      const { world, send, ...sets } = kind;
      const place = new HostPlace(mesh, send);
      assert.deepEqual(await runSets(programs, place, { ...sets, world: [...world, markerGateway] }), []);
    });
  });
}
