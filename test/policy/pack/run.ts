import {
  unknownCheckingProxy,
  type PolicyResource,
  type ResourceValidationArgs,
  type StackValidationArgs,
} from '@pulumi/policy';
import { objectPolicy, advicePolicy, meshPolicy } from '../../../policy/pack/policies';

/** The engine's placeholder for an unknown string. */
export const unknownText = '04da6b54-80e4-46f7-96ec-b56ff0331ba9';
/** The engine's placeholder for an unknown number. */
export const unknownNumber = '3eeb2bf0-c639-47a8-9e75-3b44932eb421';

export interface Resource {
  type: string;
  /** Inputs; null for a resource that is not registered in this run. */
  inputs: Record<string, unknown> | null;
  /** Default to the inputs. */
  outputs?: Record<string, unknown>;
  ignoreChanges?: string[];
  /** Names of the resources that a property comes from. */
  propertyDependencies?: Record<string, string[]>;
}

export interface Violation {
  policy: string;
  urn: string | undefined;
  /** The first line. */
  message: string;
}

let runs = 0;

/** Runs the whole pack as the engine does in a preview: each resource by its inputs, then the stack by its outputs. */
export function runPack(
  resources: Record<string, Resource>,
  config: object = {},
  tags: Record<string, string> = {},
): Violation[] {
  // The pack remembers inputs by URN, so each run needs different URNs.
  const run = ++runs;
  const violations: Violation[] = [];
  const shared = { stackTags: new Map(Object.entries(tags)), getConfig: () => config };
  const report = (policy: string, own?: string) => (message: string, urn?: string) =>
    void violations.push({ policy, urn: (urn ?? own)?.split('::').at(-1), message: message.split('\n')[0] ?? '' });

  const made = new Map<string, PolicyResource>();
  for (const [name, resource] of Object.entries(resources)) {
    const policyResource = asPolicyResource(
      `urn:pulumi:run${run}::test::${resource.type}::${name}`,
      name,
      resource,
      made,
    );
    made.set(name, policyResource);
    if (resource.inputs === null) continue;
    const args = { ...policyResource, ...shared, props: proxied(resource.inputs) } as unknown as ResourceValidationArgs;
    objectPolicy.validateResource(args, report(objectPolicy.name, policyResource.urn));
  }
  for (const policy of [meshPolicy, advicePolicy]) {
    const args = { ...shared, resources: [...made.values()] } as unknown as StackValidationArgs;
    policy.validateStack(args, report(policy.name));
  }
  return violations;
}

function asPolicyResource(
  urn: string,
  name: string,
  { type, inputs, outputs, ignoreChanges = [], propertyDependencies = {} }: Resource,
  made: Map<string, PolicyResource>,
): PolicyResource {
  const owners = Object.entries(propertyDependencies).map(
    ([property, names]) => [property, names.flatMap((owner) => made.get(owner) ?? [])] as const,
  );
  return {
    type,
    name,
    urn,
    props: proxied(outputs ?? inputs ?? {}),
    opts: {
      protect: false,
      ignoreChanges,
      aliases: [],
      customTimeouts: { createSeconds: 0, updateSeconds: 0, deleteSeconds: 0 },
      additionalSecretOutputs: [],
    },
    dependencies: owners.flatMap(([, list]) => list),
    propertyDependencies: Object.fromEntries(owners),
    isType: () => false,
    asType: () => undefined,
  };
}

/** As the SDK wraps them: reading an unknown value throws. */
function proxied(props: Record<string, unknown>): Record<string, unknown> {
  return (unknownCheckingProxy as (props: object) => Record<string, unknown>)(props);
}
