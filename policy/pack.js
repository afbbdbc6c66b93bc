// Entry of the policy pack in a checkout: bundled on loading, as `npm run package` bundles it into a file. Pulumi's own loader for TypeScript would check all types on every
// run, which takes ten times as long.
'use strict';
const { load } = require('../runtime/load');

load(module, __dirname, 'index');
