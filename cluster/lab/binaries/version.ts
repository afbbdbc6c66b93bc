import { execFile } from 'node:child_process';
import { devNull } from 'node:os';
import { promisify } from 'node:util';
import type { MinorVersion } from './programs';

const run = promisify(execFile);

/** The first version in a program's answer, such as `v1.34.2`. */
export function parseVersion(text: string): { readonly text: string; readonly minor: MinorVersion } | undefined {
  const match = /v?(\d+)\.(\d+)\.\d+[-+.\w]*/.exec(text);
  return match === null ? undefined : { text: match[0], minor: [Number(match[1]), Number(match[2])] };
}

/** Whether `version` is `oldest` or newer. */
export function isAtLeast(version: MinorVersion, oldest: MinorVersion): boolean {
  return version[0] > oldest[0] || (version[0] === oldest[0] && version[1] >= oldest[1]);
}

/** Asks a program for its version. Undefined when it does not run or says none. */
export async function askVersion(file: string, args: readonly string[]): Promise<ReturnType<typeof parseVersion>> {
  // kubectl looks into the home directory for preferences even here, unless told not to; pulumi asks for news.
  const env = {
    ...process.env,
    KUBECONFIG: devNull,
    KUBERC: 'off',
    KUBECTL_KUBERC: 'false',
    PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
  try {
    const { stdout, stderr } = await run(file, args, { env, timeout: 30_000 });
    return parseVersion(stdout + stderr);
  } catch {
    return undefined;
  }
}
