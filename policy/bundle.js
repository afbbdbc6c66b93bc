'use strict';
const { join } = require('node:path');
const { buildSync } = require('esbuild');

/** The policy pack as one file of JavaScript. The SDK is found at run time, so that a program and its packs can share one. */
exports.bundle = () =>
  buildSync({
    entryPoints: [join(__dirname, 'index.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['@pulumi/*'],
    write: false,
  }).outputFiles[0].text;
