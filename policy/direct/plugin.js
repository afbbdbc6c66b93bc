// Entry of the pack for Pulumi's engine: index.ts, bundled on loading with all that it needs. No program shares this process, so nothing has to stay outside.
'use strict';
const { load } = require('../../runtime/load');

load(module, __dirname, 'index', []);
