import { EngineLog } from './engine-log';
import { RouteSets } from './route-set';
import { decodeStructsLazily } from '../wire/lazy-struct';
import { announce } from '../wire/serve-engine';
import { serve } from './serve';
import manifest from './package.json';

/** The provider of route sets: started by Pulumi's engine with its address, it says the port at which it serves. */
const address = process.argv.slice(2).find((word) => /^[^-]\S*:\d+$/.test(word)) ?? '';
const engine = new EngineLog(address);

decodeStructsLazily();
announce(serve(new RouteSets((urn) => engine.of(urn)), manifest.version, () => process.exit(1)));
