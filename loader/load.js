'use strict';
const { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs');
const { join, relative, resolve } = require('node:path');

const root = join(__dirname, '..');
const cache = join(root, 'node_modules', '.cache', 'meshwright');

/**
 * Makes a TypeScript file the content of a module of plain JavaScript in the same folder, for what Node and Pulumi start. The bundle is kept beside the installed packages for as long as no
 * file in it changes.
 * @param options - of the bundle
 */
exports.load = (module, folder, entry, options) => {
  const file = join(folder, `${entry}.ts`);
  const kept = join(cache, `${relative(root, file).replace(/\W/g, '-')}.json`);
  module._compile(recall(kept) ?? make(file, kept, options), join(folder, `${entry}.js`));
  return module.exports;
};

function recall(kept) {
  try {
    const { inputs, text } = JSON.parse(readFileSync(kept, 'utf8'));
    return Object.entries(inputs).every(([input, seen]) => stamp(input) === seen) ? text : undefined;
  } catch {
    return undefined;
  }
}

function make(file, kept, options) {
  // Loaded only here: most runs find a bundle that is still good.
  const { bundle } = require('./bundle');
  const { text, inputs } = bundle(file, options);
  // Packages change with the lock file.
  const own = inputs.filter((input) => !input.startsWith('node_modules/'));
  const stamps = Object.fromEntries([...own, 'package-lock.json'].map((input) => [input, stamp(input)]));
  try {
    mkdirSync(cache, { recursive: true });
    // Whole or not at all: another process may be reading.
    writeFileSync(`${kept}.${process.pid}`, JSON.stringify({ inputs: stamps, text }));
    renameSync(`${kept}.${process.pid}`, kept);
  } catch {
    // A checkout that cannot be written to is bundled anew each time.
  }
  return text;
}

function stamp(input) {
  const { mtimeMs, size } = statSync(resolve(root, input));
  return `${mtimeMs} ${size}`;
}
