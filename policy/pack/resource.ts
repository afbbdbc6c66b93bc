import type { PolicyResourceOptions, ResourceValidationArgs, StackValidationArgs } from '@pulumi/policy';

/** What the pack reads of a resource of a stack; Pulumi's SDK for policies has more. */
export interface StackResource {
  type: string;
  urn: string;
  name: string;
  props: Readonly<Record<string, unknown>>;
  opts: Pick<PolicyResourceOptions, 'ignoreChanges' | 'deleteBeforeReplace'>;
  provider?: { urn: string };
  parent?: { urn: string };
  dependencies: readonly { urn: string }[];
  propertyDependencies: Readonly<Record<string, readonly StackResource[]>>;
}

/** The part of the run that policies read. */
export type RunArgs = Pick<StackValidationArgs, 'getConfig' | 'stackTags'>;

/** What a policy for single resources reads. */
export type ResourceArgs = RunArgs & Pick<ResourceValidationArgs, 'type' | 'urn' | 'props'>;

/** What a policy for whole stacks reads. */
export type StackArgs = RunArgs & { resources: readonly StackResource[] };

/** Reports a violation, for a stack with the URN of the resource. */
export type Report = (message: string, urn?: string) => void;
