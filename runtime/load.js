'use strict';
const { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs');
const { SourceMap, findSourceMap } = require('node:module');
const { dirname, join, relative, resolve } = require('node:path');
const { fileURLToPath, pathToFileURL } = require('node:url');

const root = join(__dirname, '..');
const cache = join(root, 'node_modules', '.cache', 'meshwright');
const outside = [
  ...['@pulumi/*', '@grpc/*', 'google-protobuf', 'esbuild', '@kubernetes/client-node', '@viz-js/viz'],
  // Only loaded when needed.
  'refa',
];

/** URLs of the source maps of the loaded bundles, by the bundle's name. */
const mapUrls = new Map();
/** Source maps that stack traces have needed, by the name of the JavaScript file. */
const maps = new Map();
/** Frames of stack traces as they are shown, by their place in the JavaScript. */
const frames = new Map();

/** @see load.d.ts */
exports.load = (module, folder, entry, external, code = exports.code(folder, entry, external)) => {
  const name = join(folder, `${entry}.js`);
  mapUrls.set(name, /sourceMappingURL=(.*)\n.*$/.exec(code)[1]);
  Error.prepareStackTrace = stackTrace;
  module._compile(code, name);
  return module.exports;
};

/** @see load.d.ts */
exports.code = (folder, entry, external) => {
  const file = join(folder, `${entry}.ts`);
  const cached = join(cache, `${relative(root, file).replace(/\W/g, '-')}.js`);
  return recall(cached) ?? make(file, cached, external);
};

/** Name of the line that requires the bundled file; not a file itself. */
const stub = 'entry-of-bundle';

/** Bundles a TypeScript file: its code, its source map as JSON, and the files in it. Types are not checked: `npm run types` does that. */
function bundle(entryPoint, external = outside) {
  // Loaded only here: most runs find a bundle in the cache.
  const { outputFiles, metafile } = require('esbuild').buildSync({
    absWorkingDir: root,
    // A file that is required keeps its own function, like each file that it imports. One function for all of them would
    // be in every stack trace, and V8 takes 50 µs to find a position in it.
    stdin: { contents: `module.exports = require(${JSON.stringify(entryPoint)})`, sourcefile: stub, resolveDir: root },
    // This file is not written, but paths in the source map are relative to it.
    outfile: entryPoint.replace(/\.ts$/, '.js'),
    bundle: true,
    external,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    // import() of a package outside becomes require(), which gives it all of the package's exports by name.
    supported: { 'dynamic-import': false },
    sourcemap: 'external',
    sourcesContent: false,
    write: false,
    metafile: true,
  });
  const [map, code] = outputFiles.map(({ text }) => text);
  return {
    code,
    map: stored(JSON.parse(map), dirname(entryPoint)),
    inputs: Object.keys(metafile.inputs).filter((input) => input !== stub),
  };
}

/**
 * A source map that can be kept in another folder, without the columns of packages: Node decodes a whole map for the
 * first stack trace, and packages are most of it.
 */
function stored(map, folder) {
  const { decode, encode } = require('@jridgewell/sourcemap-codec');
  const sources = map.sources.map((source) => pathToFileURL(resolve(folder, source)).href);
  const isNeeded = ([, source, line], index, entries) =>
    !sources[source].includes('/node_modules/') || line !== entries[index - 1]?.[2];
  const mappings = encode(decode(map.mappings).map((entries) => entries.filter(isNeeded)));
  return JSON.stringify({ ...map, sources, mappings });
}

/**
 * Formats stack traces with positions in TypeScript. Node's own support for source maps maps every frame anew, and
 * Pulumi's SDK takes a stack trace for each promise: that was a quarter of the CPU time of a preview of 1,000 services.
 */
function stackTrace(error, callSites) {
  return [Error.prototype.toString.call(error), ...callSites.map((site) => `    at ${shown(site)}`)].join('\n');
}

function shown(site) {
  const file = site.getFileName();
  if (!file) return String(site);
  const place = `${file}:${site.getPosition()}`;
  const known = frames.get(place);
  if (known !== undefined) return known;
  const frame = inTypeScript(String(site), file, site.getLineNumber(), site.getColumnNumber());
  frames.set(place, frame);
  return frame;
}

function inTypeScript(frame, file, line, column) {
  if (!line || !column) return frame;
  const { originalSource, originalLine, originalColumn } = sourceMap(file)?.findEntry(line - 1, column - 1) ?? {};
  if (originalSource === undefined || originalSource.endsWith(`/${stub}`)) return frame;
  const source = originalSource.startsWith('file:') ? fileURLToPath(originalSource) : originalSource;
  return frame.replace(`${file}:${line}:${column}`, `${source}:${originalLine + 1}:${originalColumn + 1}`);
}

/** The source map of a bundle, or of a file that another loader has transformed. */
function sourceMap(file) {
  if (!maps.has(file)) maps.set(file, mapUrls.has(file) ? readMap(mapUrls.get(file)) : findSourceMap(file));
  return maps.get(file);
}

function readMap(url) {
  try {
    const text = url.startsWith('file:')
      ? readFileSync(fileURLToPath(url), 'utf8')
      : Buffer.from(url.slice(url.indexOf(',') + 1), 'base64').toString();
    return new SourceMap(JSON.parse(text));
  } catch {
    // Without a map, the trace names positions in the bundle.
    return undefined;
  }
}

function mapOf(cached) {
  return `${cached}.map`;
}

/** The last line of a cached bundle is a comment with the state of each file in it. */
function recall(cached) {
  try {
    const code = readFileSync(cached, 'utf8');
    const inputs = JSON.parse(code.slice(code.lastIndexOf('\n') + '\n//'.length));
    const isCurrent = Object.entries(inputs).every(([input, seen]) => stamp(input) === seen);
    return isCurrent && existsSync(mapOf(cached)) ? code : undefined;
  } catch {
    return undefined;
  }
}

function make(file, cached, external) {
  const { code, map, inputs } = bundle(file, external);
  // The lock file stands for all packages.
  const own = inputs.filter((input) => !input.startsWith('node_modules/'));
  // npm does not pack the lock file.
  const lock = existsSync(join(root, 'package-lock.json')) ? 'package-lock.json' : 'package.json';
  const stamps = [...own, 'runtime/load.js', lock].map((input) => [input, stamp(input)]);
  const mapUrl = keep(mapOf(cached), map)
    ? pathToFileURL(mapOf(cached)).href
    : `data:application/json;base64,${Buffer.from(map).toString('base64')}`;
  const stamped = `${code}\n//# sourceMappingURL=${mapUrl}\n//${JSON.stringify(Object.fromEntries(stamps))}`;
  keep(cached, stamped);
  return stamped;
}

function stamp(input) {
  const { mtimeMs, size } = statSync(resolve(root, input));
  return `${mtimeMs} ${size}`;
}

/** @returns whether the file could be written */
function keep(file, content) {
  try {
    mkdirSync(cache, { recursive: true });
    // Written atomically, since another process may be reading it.
    writeFileSync(`${file}.${process.pid}`, content);
    renameSync(`${file}.${process.pid}`, file);
    return true;
  } catch {
    // In a read-only checkout each run bundles anew.
    return false;
  }
}
