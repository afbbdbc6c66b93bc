'use strict';
const { load } = require('../../runtime/load');

load(module, __dirname, 'client-node', []);
