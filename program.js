// Entry for Pulumi: index.ts, bundled when it is loaded. Pulumi's own loader for TypeScript, file by file, takes five times as long.
'use strict';
const { load } = require('./runtime/load');

load(module, __dirname, 'index');
