import { configNamespace } from '../key-path';
import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

/** Linux's limit for one environment variable, in bytes. */
const longestVariable = 128 * 1024;

/** Pulumi passes the configuration of a stack to programs and policy packs in an environment variable. */
export function configSizeAdvice(stack: StackFile): KeyProblem[] {
  const values = Object.entries(stack).map(([key, value]) => [
    `${configNamespace}:config:${key}`,
    JSON.stringify(value),
  ]);
  const size = Buffer.byteLength(`PULUMI_CONFIG=${JSON.stringify(Object.fromEntries(values))}`);
  if (size < longestVariable) return [];
  const message = `the configuration is ${Math.ceil(size / 1024)} KiB long. Pulumi passes it in an environment variable, which on Linux is at most ${longestVariable / 1024} KiB long, so pulumi up fails there with "argument list too long"; move a part to other stacks, as import --split-by namespace does, or apply the output of render`;
  return [{ keys: [], message }];
}
