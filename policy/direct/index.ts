import manifest from '../package.json';
import { packName, policies } from '../pack/policies';
import { announce, endWithEngine } from '../../runtime/engine-grpc';
import { serve } from './serve';

/** The pack for stacks of this project: started by Pulumi's engine, it says the port at which it serves. */
endWithEngine();
announce(serve({ name: packName, version: manifest.version, policies }));
