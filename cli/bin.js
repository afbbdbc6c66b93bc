#!/usr/bin/env node
// Entry of the `meshwright` command: TypeScript, bundled on loading.
'use strict';
const { load } = require('../runtime/load');

load(module, __dirname, 'main').run(process.argv.slice(2));
