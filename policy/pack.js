// Entry of the policy pack in a checkout. It is bundled in memory on loading, as `npm run pack:policy` bundles it into a file: Pulumi's own loader for TypeScript would
// check all types on every run, which takes ten times as long.
'use strict';
const { join } = require('node:path');
const { bundle } = require('./bundle');

module._compile(bundle(), join(__dirname, 'index.js'));
