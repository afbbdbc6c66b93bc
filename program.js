// Entry for Pulumi: index.ts, bundled on loading. Pulumi's own way to load TypeScript, file by file, takes five times as long.
'use strict';
const { load } = require('./loader/load');

load(module, __dirname, 'index');
