import type { EnforcementLevel, Policy as AnyPolicy, PolicyConfigSchema } from '@pulumi/policy';
import type { Report, ResourceArgs, StackArgs, StackResource } from '../pack/resource';
import * as proto from '@pulumi/pulumi/proto/analyzer_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import type { AnalyzeRequest, AnalyzerResource } from '@pulumi/pulumi/proto/analyzer_pb';
import { secretMark, specialKey } from '../../runtime/engine-values';

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

/** The engine's settings for a policy in this run. */
export interface PolicyConfig {
  level: EnforcementLevel;
  properties: Record<string, unknown>;
}

/** A violation that a policy reports. */
export interface AnalyzerViolation {
  policy: Policy;
  /** Level of the policy in this run. */
  level: EnforcementLevel;
  message: string;
  /** Of the resource, if it is not the one in the request. */
  urn: string | undefined;
}

const levels: Record<EnforcementLevel, proto.EnforcementLevel> = {
  advisory: proto.EnforcementLevel.ADVISORY,
  mandatory: proto.EnforcementLevel.MANDATORY,
  disabled: proto.EnforcementLevel.DISABLED,
  remediate: proto.EnforcementLevel.REMEDIATE,
};
const levelNames = new Map(Object.entries(levels).map(([name, level]) => [level, name as EnforcementLevel]));
const severities: Record<Severity, proto.PolicySeverity> = {
  low: proto.PolicySeverity.POLICY_SEVERITY_LOW,
  medium: proto.PolicySeverity.POLICY_SEVERITY_MEDIUM,
  high: proto.PolicySeverity.POLICY_SEVERITY_HIGH,
  critical: proto.PolicySeverity.POLICY_SEVERITY_CRITICAL,
};

/** The description of a pack for the engine. */
export function analyzerInfo({ name, version, policies }: Pack): proto.AnalyzerInfo {
  return new proto.AnalyzerInfo()
    .setName(name)
    .setVersion(version)
    .setSupportsconfig(true)
    .setPoliciesList(policies.map(policyInfo));
}

function policyInfo(policy: Policy): proto.PolicyInfo {
  const { POLICY_TYPE_RESOURCE, POLICY_TYPE_STACK } = proto.PolicyType;
  const schema = new proto.PolicyConfigSchema().setProperties(Struct.fromJavaScript(policy.configSchema.properties));
  return new proto.PolicyInfo()
    .setPolicyType('validateStack' in policy ? POLICY_TYPE_STACK : POLICY_TYPE_RESOURCE)
    .setName(policy.name)
    .setDisplayname(policy.displayName)
    .setDescription(policy.description)
    .setEnforcementlevel(levels[policy.enforcementLevel])
    .setSeverity(severities[policy.severity])
    .setConfigschema(schema);
}

/** The engine's settings for each policy, by its name. */
export function configOf(request: proto.ConfigureAnalyzerRequest): Map<string, PolicyConfig> {
  const config = new Map<string, PolicyConfig>();
  request.getPolicyconfigMap().forEach((told, name) => {
    const level = levelNames.get(told.getEnforcementlevel()) ?? 'mandatory';
    config.set(name, { level, properties: told.getProperties()?.toJavaScript() ?? {} });
  });
  return config;
}

/** Tags of the stack. */
export function tagsOf(request: proto.AnalyzerStackConfigureRequest): Map<string, string> {
  const tags = new Map<string, string>();
  request.getTagsMap().forEach((value, key) => void tags.set(key, value));
  return tags;
}

/** The answer to the engine for a resource or a stack. */
export function analyzeResponse(
  { name, version }: Pack,
  violations: readonly AnalyzerViolation[],
): proto.AnalyzeResponse {
  return new proto.AnalyzeResponse().setDiagnosticsList(
    violations.map(({ policy, level, message, urn = '' }) =>
      new proto.AnalyzeDiagnostic()
        .setPolicyname(policy.name)
        .setPolicypackname(name)
        .setPolicypackversion(version)
        .setDescription(policy.description)
        .setMessage(`${policy.description}\n${message}`)
        .setEnforcementlevel(levels[level])
        .setSeverity(severities[policy.severity])
        .setUrn(urn),
    ),
  );
}

/** The resources of a stack, each with its parent and dependencies. Dependencies outside the stack are left out. */
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

/** A single resource. Its properties are decoded only when read; for most resources of a stack the recorded inputs are used instead. */
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
  if (fields[specialKey] === secretMark) return plain(fields['value']);
  return Object.fromEntries(Object.entries(fields).map(([key, inner]) => [key, plain(inner)]));
}
