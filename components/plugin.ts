import * as pulumi from '@pulumi/pulumi';
import * as provider from '@pulumi/pulumi/provider';
import * as components from './index';
import schema from './schema.json';

type Component = new (
  name: string,
  args: never,
  opts: pulumi.ComponentResourceOptions,
) => pulumi.ComponentResource & Record<string, unknown>;

/** What the SDK's Output says about its value. */
interface Known {
  promise(): Promise<Record<string, unknown>>;
  isKnown: Promise<boolean>;
  isSecret: Promise<boolean>;
}

/** The components as a Pulumi plugin, for programs in other languages. Their arguments are plain values. */
class ComponentProvider implements provider.Provider {
  readonly version = schema.version;
  readonly schema = JSON.stringify(schema);

  async construct(
    name: string,
    type: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
  ): Promise<provider.ConstructResult> {
    if (!(type in schema.resources))
      throw new Error(`${type}: no such component; there are ${Object.keys(schema.resources).join(', ')}`);
    const { inputProperties, properties } = schema.resources[type as keyof typeof schema.resources];
    const args = await plain(type, name, inputs);
    const secret = 'secret' in inputProperties && args.isSecret ? { secret: true } : {};
    const kind = type.split(':').at(-1) as keyof typeof components;
    const component = new (components[kind] as unknown as Component)(
      name,
      { ...args.value, ...secret } as never,
      options,
    );
    const state = Object.fromEntries(Object.keys(properties).map((key) => [key, component[key]]));
    return { urn: component.urn, state };
  }
}

/** @throws pulumi.InputPropertiesError naming every argument that is known only after the update. */
async function plain(
  type: string,
  name: string,
  inputs: pulumi.Inputs,
): Promise<{ value: Record<string, unknown>; isSecret: boolean }> {
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(inputs)) {
    if (!(await (pulumi.output(value as unknown) as unknown as Known).isKnown)) unknown.push(key);
  }
  if (unknown.length > 0) {
    const reason = `${type} ${name}: the value is not known before the update; components need plain values, because the objects depend on them`;
    throw new pulumi.InputPropertiesError({
      message: reason,
      errors: unknown.map((propertyPath) => ({ propertyPath, reason: 'the value is not known before the update' })),
    });
  }
  const all = pulumi.output(inputs) as unknown as Known;
  return { value: await all.promise(), isSecret: await all.isSecret };
}

void provider.main(new ComponentProvider(), process.argv.slice(2));
