import { announce, endWithEngine } from '../runtime/engine-grpc';
import { EngineLog } from './engine-log';
import manifest from './package.json';
import { RouteResources } from './routes';
import { serve } from './serve';

/** The provider of Routes. Pulumi's engine starts it with the engine's address, and reads the provider's port from stdout. */
const address = process.argv.slice(2).find((word) => /^[^-]\S*:\d+$/.test(word)) ?? '';
const engine = new EngineLog(address);

// Leaves a call time to end after the engine was killed.
endWithEngine(10_000);
announce(serve(new RouteResources((urn) => engine.of(urn)), manifest.version, () => process.exit(1)));
