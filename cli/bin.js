#!/usr/bin/env node
// Entry of the `meshwright` command: TypeScript is transpiled on loading and kept in a cache by content, so that there is no build step to forget.
'use strict';
const { join } = require('node:path');
const { createJiti } = require('jiti');

const load = createJiti(__filename, { fsCache: join(__dirname, '..', 'node_modules', '.cache', 'meshwright') });
load('./main').run(process.argv.slice(2));
