import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../runtime/load';

/** Bundles the policy pack into dist/policy, a self-contained package, and packs it: `npm run pack:policy`. */
const root = join(__dirname, '..');
const out = join(root, 'dist', 'policy');
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

// Pulumi's SDK is resolved at run time, so that a program and its packs can share it.
writeFileSync(join(out, 'index.js'), bundle(join(root, 'policy', 'index.ts'), ['@pulumi/*']).code);
const manifest = JSON.parse(readFileSync(join(root, 'policy', 'package.json'), 'utf8')) as Record<string, unknown>;
const files = ['index.js', 'PulumiPolicy.yaml', 'README.md'];
writeFileSync(join(out, 'package.json'), `${JSON.stringify({ ...manifest, main: 'index.js', files }, null, 2)}\n`);
const project = readFileSync(join(root, 'policy', 'PulumiPolicy.yaml'), 'utf8');
writeFileSync(join(out, 'PulumiPolicy.yaml'), project.replace('pack.js', 'index.js'));
cpSync(join(root, 'policy', 'README.md'), join(out, 'README.md'));
process.stdout.write(
  execFileSync('npm', ['pack', '--silent', '--pack-destination', join(root, 'dist'), out], {
    cwd: root,
    encoding: 'utf8',
  }),
);
