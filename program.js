// Entry for Pulumi: index.ts, bundled on loading. Pulumi's own way to load TypeScript, file by file, takes five times as long.
'use strict';
const { load } = require('./loader/load');

// Pulumi's language host looks up every stack trace in source maps, of which this bundle has none, and its SDK takes several traces for each resource.
Error.prepareStackTrace = undefined;

load(module, __dirname, 'index');
