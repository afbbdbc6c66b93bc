import manifest from '../package.json';
import { useStackSection } from '../pack/options';
import { packName, policies } from '../pack/policies';
import { announce, endWithEngine } from '../../runtime/engine-grpc';
import { serve } from './serve';

// The pack for stacks of this project: Pulumi's engine starts it and reads the port from stdout.
endWithEngine();
// Pulumi passes the options of the pack's runtime as flags.
if (process.argv.includes('-stackSection=true')) useStackSection();
announce(serve({ name: packName, version: manifest.version, policies }));
