'use strict';
const { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs');
const { join, relative, resolve } = require('node:path');

const root = join(__dirname, '..');
const cache = join(root, 'node_modules', '.cache', 'meshwright');
const outside = ['@pulumi/*', '@grpc/*', 'google-protobuf', 'esbuild', '@kubernetes/client-node', '@viz-js/viz'];

/** @see load.d.ts */
exports.load = (module, folder, entry, external) =>
  exports.run(module, exports.code(folder, entry, external), join(folder, `${entry}.js`));

/** @see load.d.ts */
exports.code = (folder, entry, external) => {
  const file = join(folder, `${entry}.ts`);
  const cached = join(cache, `${relative(root, file).replace(/\W/g, '-')}.js`);
  return recall(cached) ?? make(file, cached, external);
};

/** @see load.d.ts */
exports.run = (module, code, file) => {
  // This must precede the compilation of the bundle, when Node records its source map.
  process.setSourceMapsEnabled(true);
  module._compile(code, file);
  return module.exports;
};

/** @see load.d.ts */
exports.bundle = (entryPoint, external = outside, sourcemap = 'inline') => {
  // Loaded only here: most runs find a bundle in the cache.
  const { outputFiles, metafile } = require('esbuild').buildSync({
    absWorkingDir: root,
    entryPoints: [entryPoint],
    // This file is not written, but paths in the source map are relative to it.
    outfile: entryPoint.replace(/\.ts$/, '.js'),
    bundle: true,
    external,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // import() of a package outside becomes require(), which gives it all of the package's exports by name.
    supported: { 'dynamic-import': false },
    sourcemap,
    sourcesContent: false,
    write: false,
    metafile: true,
  });
  return { code: outputFiles[0].text, inputs: Object.keys(metafile.inputs) };
};

/** The last line of a cached bundle is a comment with the state of each file in it. */
function recall(cached) {
  try {
    const code = readFileSync(cached, 'utf8');
    const inputs = JSON.parse(code.slice(code.lastIndexOf('\n') + '\n//'.length));
    return Object.entries(inputs).every(([input, seen]) => stamp(input) === seen) ? code : undefined;
  } catch {
    return undefined;
  }
}

function make(file, cached, external) {
  const { code, inputs } = exports.bundle(file, external);
  // The lock file stands for all packages.
  const own = inputs.filter((input) => !input.startsWith('node_modules/'));
  const stamps = [...own, 'runtime/load.js', 'package-lock.json'].map((input) => [input, stamp(input)]);
  const stamped = `${code}\n//${JSON.stringify(Object.fromEntries(stamps))}`;
  keep(cached, stamped);
  return stamped;
}

function stamp(input) {
  const { mtimeMs, size } = statSync(resolve(root, input));
  return `${mtimeMs} ${size}`;
}

function keep(file, content) {
  try {
    mkdirSync(cache, { recursive: true });
    // Written atomically, since another process may be reading it.
    writeFileSync(`${file}.${process.pid}`, content);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // In a read-only checkout each run bundles anew.
  }
}
