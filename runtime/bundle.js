'use strict';
const { join } = require('node:path');
const { buildSync } = require('esbuild');

/** What a program shares with Pulumi's SDK, which must be there once, and what cannot be in a bundle or is seldom needed and large. */
const apart = ['@pulumi/*', '@grpc/*', 'google-protobuf', 'esbuild', '@kubernetes/client-node', '@viz-js/viz'];

/** @see bundle.d.ts */
exports.bundle = (entryPoint, external = apart) => {
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: join(__dirname, '..'),
    entryPoints: [entryPoint],
    bundle: true,
    external,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // A script that V8 compiled earlier cannot import; what was to be imported is required when it is asked for.
    supported: { 'dynamic-import': false },
    write: false,
    metafile: true,
  });
  return { text: outputFiles[0].text, inputs: Object.keys(metafile.inputs) };
};
