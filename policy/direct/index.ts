import manifest from '../package.json';
import { packName, policies } from '../pack/policies';
import { judgeAhead } from '../pack/ahead';
import { decodeStructsLazily } from '../../runtime/lazy-struct';
import { announce, endWithEngine } from '../../runtime/serve-engine';
import { serve } from './serve';

/** The pack for stacks of this project: started by Pulumi's engine, it says the port at which it serves. */
decodeStructsLazily();
endWithEngine();
announce(serve({ name: packName, version: manifest.version, policies }), judgeAhead);
