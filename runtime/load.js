'use strict';
const { createHash } = require('node:crypto');
const { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { join, relative, resolve } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

// V8 optimizes a function after it has run so much byte code, 132 KB by default. What is loaded here lives for seconds, and shares few cores with Pulumi's other processes: to optimize so early takes
// more time than it saves (docs/performance.md).
setFlagsFromString('--interrupt-budget=1500000');

const root = join(__dirname, '..');
const cache = join(root, 'node_modules', '.cache', 'meshwright');

/**
 * Makes a TypeScript file the content of a module of plain JavaScript in the same folder, for what Node and Pulumi start. The bundle is kept beside the installed packages for as long as no
 * file in it changes, and so is what V8 makes of it: Node would compile each of some hundred files anew in every run.
 * @param external - packages that stay outside the bundle
 */
exports.load = (module, folder, entry, external) => {
  const file = join(folder, `${entry}.ts`);
  const kept = join(cache, relative(root, file).replace(/\W/g, '-'));
  run(module, join(folder, `${entry}.js`), recall(`${kept}.js`) ?? make(file, `${kept}.js`, external), `${kept}.bin`);
  return module.exports;
};

/** A bundle begins with a comment of what it was made from. */
function recall(kept) {
  try {
    const text = readFileSync(kept, 'utf8');
    const inputs = JSON.parse(text.slice(2, text.indexOf('\n')));
    return Object.entries(inputs).every(([input, seen]) => stamp(input) === seen) ? text : undefined;
  } catch {
    return undefined;
  }
}

function make(file, kept, external) {
  // Loaded only here: most runs find a bundle that is still good.
  const { bundle } = require('./bundle');
  const { text, inputs } = bundle(file, external);
  // Packages change with the lock file.
  const own = inputs.filter((input) => !input.startsWith('node_modules/'));
  const all = [...own, 'runtime/bundle.js', 'package-lock.json'];
  const stamps = Object.fromEntries(all.map((input) => [input, stamp(input)]));
  const whole = `//${JSON.stringify(stamps)}\n${text}`;
  keep(kept, whole);
  return whole;
}

function stamp(input) {
  const { mtimeMs, size } = statSync(resolve(root, input));
  return `${mtimeMs} ${size}`;
}

/** As Node does it for a module, with what V8 compiled in an earlier run. */
function run(module, filename, text, kept) {
  // What it begins with says it all: to go through the whole of it would take longer than the compiled code takes to load.
  const from = createHash('sha256')
    .update(text.slice(0, text.indexOf('\n')))
    .digest();
  const script = new Script(Module.wrap(text), {
    filename,
    cachedData: recallCode(kept, from),
  });
  module.filename = filename;
  const require = Module.createRequire(filename);
  if (script.cachedDataRejected !== false) {
    // At the end of the first run, for then it holds all functions that were called: of a server, those that answer.
    process.once('exit', () => keep(kept, Buffer.concat([from, script.createCachedData()])));
  }
  script.runInThisContext()(module.exports, require, module, filename, resolve(filename, '..'));
}

/** V8 itself looks at no more than the length of the text. */
function recallCode(kept, from) {
  try {
    const code = readFileSync(kept);
    return code.subarray(0, from.length).equals(from) ? code.subarray(from.length) : undefined;
  } catch {
    return undefined;
  }
}

function keep(file, content) {
  try {
    mkdirSync(cache, { recursive: true });
    // Whole or not at all: another process may be reading.
    writeFileSync(`${file}.${process.pid}`, content);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A checkout that cannot be written to is bundled and compiled anew each time.
  }
}
