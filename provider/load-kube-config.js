'use strict';
const { load } = require('../loader/load');

load(module, __dirname, 'kube-config', []);
