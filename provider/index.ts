import { EngineLog } from './engine-log';
import { RouteSets } from './route-set';
import { decodeStructsLazily } from '../wire/lazy-struct';
import { serve } from './serve';
import manifest from './package.json';

/** The provider of route sets: started by Pulumi's engine with its address, it says the port at which it serves. */
const address = process.argv.slice(2).find((word) => /^[^-]\S*:\d+$/.test(word)) ?? '';
const engine = new EngineLog(address);

decodeStructsLazily();
serve(new RouteSets((urn) => engine.of(urn)), manifest.version, () => process.exit(1)).then(
  // As the first line on stdout; a number would be coloured.
  ({ port }) => console.log(String(port)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
