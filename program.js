// Entry for Pulumi: index.ts, bundled on loading. Pulumi's own way to load TypeScript, file by file, takes five times as long.
'use strict';
const { load } = require('./runtime/load');

// Pulumi's language host looks up every stack trace in source maps, of which this bundle has none, and its SDK takes several traces for each resource.
Error.prepareStackTrace = undefined;
// Nobody reads them but who looks for a defect here: NODE_OPTIONS=--stack-trace-limit=50 shows more than these frames.
if (Error.stackTraceLimit === 10) Error.stackTraceLimit = 2;

load(module, __dirname, 'index');
