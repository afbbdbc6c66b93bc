// Entry of the provider for Pulumi: index.ts, bundled on loading.
'use strict';
const { load } = require('../runtime/load');

load(module, __dirname, 'index', ['@kubernetes/client-node']);
