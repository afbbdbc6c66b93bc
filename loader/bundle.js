'use strict';
const { join } = require('node:path');
const { buildSync } = require('esbuild');

/** @see bundle.d.ts */
exports.bundle = (entryPoint, options = { packages: 'external' }) => {
  const { outputFiles, metafile } = buildSync({
    absWorkingDir: join(__dirname, '..'),
    entryPoints: [entryPoint],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    keepNames: true,
    write: false,
    metafile: true,
    ...options,
  });
  return { text: outputFiles[0].text, inputs: Object.keys(metafile.inputs) };
};
