#!/usr/bin/env node
// Entry of the `meshwright` command: TypeScript is transpiled on loading, as Pulumi does it, so that there is no build step to forget.
'use strict';
require('ts-node').register({
  transpileOnly: true,
  project: require('node:path').join(__dirname, '..', 'tsconfig.json'),
});
require('./main').run(process.argv.slice(2));
