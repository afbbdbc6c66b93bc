import manifest from '../package.json';
import { packName, policies } from '../pack/policies';
import { warmUp } from '../pack/warm-up';
import { decodeStructsLazily } from '../../wire/lazy-struct';
import { serve } from './serve';

/** The pack for stacks of this project: started by Pulumi's engine, it says the port at which it serves. */
decodeStructsLazily();
serve({ name: packName, version: manifest.version, policies }).then(
  ({ port }) => {
    // As the first line on stdout; a number would be coloured.
    console.log(String(port));
    warmUp();
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
