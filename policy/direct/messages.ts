import type { EnforcementLevel } from '@pulumi/policy';
import * as proto from '@pulumi/pulumi/proto/analyzer_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import type { Pack, Policy, PolicyConfig, Severity, Violation } from './pack';

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

/** What the engine is told of a pack. */
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

/** What the engine says of each policy, by its name. */
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

/** What the engine is told of a resource or a stack. */
export function analyzeResponse({ name, version }: Pack, violations: readonly Violation[]): proto.AnalyzeResponse {
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
