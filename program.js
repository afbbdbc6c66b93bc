// Entry for Pulumi: index.ts, bundled when it is loaded. Pulumi's own loader for TypeScript, file by file, takes five times as long.
'use strict';
const { load } = require('./runtime/load');

// Pulumi's language host looks for source maps in files. Only Node itself finds the one of the bundle, which is not a
// file.
Error.prepareStackTrace = undefined;

load(module, __dirname, 'index');
