// Entry of the component plugin for Pulumi: plugin.ts, bundled on loading.
'use strict';
const { load } = require('../runtime/load');

load(module, __dirname, 'plugin');
