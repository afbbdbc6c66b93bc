// Entry of the policy pack in a checkout: TypeScript is transpiled on loading. A packed pack is one bundled file instead (`npm run pack:policy`).
'use strict';
const { join } = require('node:path');
require('ts-node').register({ transpileOnly: true, project: join(__dirname, '..', 'tsconfig.json') });
require('./index');
