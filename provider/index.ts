import { EngineLog } from './engine-log';
import { RouteSets } from './route-set';
import { announce, endWithEngine } from '../runtime/engine-grpc';
import { serve } from './serve';
import manifest from './package.json';

/** The provider of route sets: started by Pulumi's engine with its address, it says the port at which it serves. */
const address = process.argv.slice(2).find((word) => /^[^-]\S*:\d+$/.test(word)) ?? '';
const engine = new EngineLog(address);

// A call that is under way ends by itself, which may take a moment.
endWithEngine(10_000);
announce(serve(new RouteSets((urn) => engine.of(urn)), manifest.version, () => process.exit(1)));
