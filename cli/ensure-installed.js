// npm's pre-script of `npm start` and `npm test`: installs the packages of the lock file, unless they are installed.
// Plain JavaScript, because nothing is installed when it runs.
'use strict';
const { spawn, spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const oldest = [20, 19];

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * npm records what it has installed in a lock file: every package that this platform needs must be there, in the right
 * version.
 */
function isInstalled() {
  const asked = packagesOf('package-lock.json');
  const installed = packagesOf('node_modules/.package-lock.json');
  if (asked === undefined || installed === undefined) return false;
  return Object.entries(asked).every(
    ([path, { version, optional, peer }]) => path === '' || optional || peer || installed[path]?.version === version,
  );
}

/**
 * Downloads the Go modules of the lab in the background. A failure does not matter: the lab downloads missing modules
 * later.
 */
function fetchModules() {
  const env = { ...process.env, GOFLAGS: '', GOWORK: 'off' };
  const lab = join(root, 'cluster', 'lab');
  const pinned = readFileSync(join(lab, 'tools.go'), 'utf8').matchAll(/^\s+_ "(.+)"$/gm);
  const fetch = (cwd, ...packages) => {
    const go = spawn('go', ['list', '-mod=readonly', '-deps', ...packages], { cwd, env, stdio: 'ignore' });
    go.on('error', () => undefined);
    go.unref();
  };
  fetch(lab, ...[...pinned].map(([, name]) => name), './cmd/lab-node');
  fetch(join(lab, 'kubernetes-provider'), '.');
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
  console.error(`Meshwright needs Node ${oldest.join('.')} or newer, this is ${process.versions.node}.`);
  process.exit(2);
}
if (!isInstalled()) {
  console.error('Installing dependencies from package-lock.json (a minute or two the first time) …');
  fetchModules();
  const { status } = spawnSync('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error(
      'npm ci failed, see above. Nothing else was done; run the command again when the registry is reachable.',
    );
    process.exit(2);
  }
}
