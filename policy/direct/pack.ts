import type { EnforcementLevel, Policy as AnyPolicy, PolicyConfigSchema } from '@pulumi/policy';
import type { Report, ResourceArgs, StackArgs } from '../pack/resource';

export type Severity = NonNullable<AnyPolicy['severity']>;

interface PolicyFacts {
  name: string;
  description: string;
  displayName: string;
  enforcementLevel: EnforcementLevel;
  severity: Severity;
  configSchema: PolicyConfigSchema;
}

export interface ResourcePolicy extends PolicyFacts {
  validateResource: (args: ResourceArgs, report: Report) => void;
}

export interface StackPolicy extends PolicyFacts {
  validateStack: (args: StackArgs, report: Report) => void;
}

export type Policy = ResourcePolicy | StackPolicy;

export interface Pack {
  name: string;
  version: string;
  policies: readonly Policy[];
}

/** What the engine says of a policy in this run. */
export interface PolicyConfig {
  level: EnforcementLevel;
  properties: Record<string, unknown>;
}

/** Something that a policy complains about. */
export interface Violation {
  policy: Policy;
  /** Level of the policy in this run. */
  level: EnforcementLevel;
  message: string;
  /** Of the resource, where it is another than the one that was asked about. */
  urn: string | undefined;
}
