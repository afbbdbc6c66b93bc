import { createRequire } from 'node:module';
import * as pulumi from '@pulumi/pulumi';
import { pulumiConfigValue } from '../../../config/pulumi-config-values';
import { registrations, type Registration } from './registrations';

const load = createRequire(__filename);
const program = load.resolve('../../../index.ts');

/** What index.ts registers for the `config:` of a stack file, and the stack outputs it exports. */
export async function programOf(
  config: Record<string, unknown>,
  secretKeys: string[] = [],
): Promise<{ registered: Registration[]; outputs: Record<string, unknown> }> {
  const asString = Object.entries(config).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : JSON.stringify(pulumiConfigValue(value)),
  ]);
  let outputs: Record<string, unknown> = {};
  const registered = await registrations(() =>
    pulumi.runtime.runInPulumiStack(() => {
      pulumi.runtime.setAllConfig(Object.fromEntries(asString) as Record<string, string>, secretKeys);
      // The program runs when it is loaded, so each run must load it again.
      Reflect.deleteProperty(load.cache, program);
      outputs = { ...(load(program) as Record<string, unknown>) };
      return Promise.resolve();
    }),
  );
  return { registered, outputs };
}
