// Pulumi.yaml names this folder, because `pulumi new` demands that it exists before anything is installed.
'use strict';
const { join } = require('node:path');

/** Runs a plugin of the installed package. */
module.exports = (...path) => require(join(require.resolve('meshwright/package.json'), '..', ...path, 'plugin.js'));
