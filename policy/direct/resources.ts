import type { AnalyzeRequest, AnalyzerResource } from '@pulumi/pulumi/proto/analyzer_pb';
import type { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import type { StackResource } from '../pack/resource';

/** By this key Pulumi marks a value that is more than it looks, and as a secret by this value (Pulumi: sdk/go/common/resource/properties.go). */
const signature = '4dabf18193072939515e22adb298388d';
const secret = '1b47061264138c4ac30d75fd1eb44270';

/** The resources of a stack, each with those that it names. What it names and is not among them is left out. */
export function stackResources(messages: readonly AnalyzerResource[]): StackResource[] {
  const byUrn = new Map(messages.map((message) => [message.getUrn(), resourceOf(message)]));
  const known = (urns: readonly string[]): StackResource[] => urns.flatMap((urn) => byUrn.get(urn) ?? []);
  for (const message of messages) {
    const resource = byUrn.get(message.getUrn());
    const [parent] = known([message.getParent()]);
    const properties = new Map<string, StackResource[]>();
    message
      .getPropertydependenciesMap()
      .forEach((of, property) => void properties.set(property, known(of.getUrnsList())));
    if (resource === undefined) continue;
    if (parent !== undefined) resource.parent = parent;
    resource.dependencies = known(message.getDependenciesList());
    resource.propertyDependencies = Object.fromEntries(properties);
  }
  return [...byUrn.values()];
}

/** A resource by itself. Its properties are read when somebody asks for them: of most resources of a stack nobody does, as their inputs were seen before. */
export function resourceOf(message: AnalyzeRequest | AnalyzerResource): StackResource {
  const [options, provider] = [message.getOptions(), message.getProvider()];
  let props: Record<string, unknown> | undefined;
  return {
    type: message.getType(),
    urn: message.getUrn(),
    name: message.getName(),
    get props() {
      return (props ??= propertiesOf(message.getProperties()));
    },
    opts: {
      ignoreChanges: options?.getIgnorechangesList() ?? [],
      ...(options?.getDeletebeforereplacedefined() === true
        ? { deleteBeforeReplace: options.getDeletebeforereplace() }
        : {}),
    },
    ...(provider === undefined ? {} : { provider: { urn: provider.getUrn() } }),
    dependencies: [],
    propertyDependencies: {},
  };
}

function propertiesOf(struct: Struct | undefined): Record<string, unknown> {
  return plain(struct?.toJavaScript() ?? {}) as Record<string, unknown>;
}

/** Policies judge secrets like any other value. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Record<string, unknown>;
  if (fields[signature] === secret) return plain(fields['value']);
  return Object.fromEntries(Object.entries(fields).map(([key, inner]) => [key, plain(inner)]));
}
