import { spawnSync } from 'node:child_process';
import { version as providerVersion } from '@pulumi/kubernetes/package.json';
import { say } from '../output';

/** A Pulumi CLI that can deploy to Kubernetes, or why there is none. */
export type FoundPulumi = { found: true; version: string } | { found: false; reason: string };

/** Looks for the Pulumi CLI on PATH and for the Kubernetes provider among its plugins; the provider is downloaded when it is missing and can be had. */
export function findPulumi(env: NodeJS.ProcessEnv = process.env): FoundPulumi {
  const cli = spawnSync('pulumi', ['version'], { env, encoding: 'utf8', timeout: 20_000 });
  if (cli.error !== undefined || cli.status !== 0) return { found: false, reason: 'no Pulumi CLI on PATH' };
  const version = cli.stdout.trim();
  if (hasProvider(env)) return { found: true, version };
  say(`the Pulumi CLI ${version} has no Kubernetes provider ${providerVersion} yet: downloading it …`);
  const install = spawnSync('pulumi', ['plugin', 'install', 'resource', 'kubernetes', providerVersion], {
    env,
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (install.status === 0) return { found: true, version };
  return {
    found: false,
    reason: `the Pulumi CLI ${version} is here, but its Kubernetes provider ${providerVersion} is not and could not be downloaded`,
  };
}

function hasProvider(env: NodeJS.ProcessEnv): boolean {
  const list = spawnSync('pulumi', ['plugin', 'ls', '--json'], { env, encoding: 'utf8', timeout: 20_000 });
  if (list.status !== 0) return false;
  const plugins = JSON.parse(list.stdout) as { name: string; kind: string; version?: string }[];
  return plugins.some(
    ({ name, kind, version }) => name === 'kubernetes' && kind === 'resource' && version === providerVersion,
  );
}
