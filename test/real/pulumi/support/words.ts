import type { EngineEvent } from '@pulumi/pulumi/automation';

/** The message of an event, if it has one: diagnostics of any severity, and findings of the policy pack. */
export function words({ diagnosticEvent, policyEvent }: EngineEvent): string[] {
  const told = [
    ...(diagnosticEvent === undefined || (diagnosticEvent.severity as string) === 'debug'
      ? []
      : [`${diagnosticEvent.severity}: ${diagnosticEvent.message}`]),
    ...(policyEvent === undefined ? [] : [`[${policyEvent.enforcementLevel}] ${policyEvent.message}`]),
  ];
  return told.map((text) => text.replaceAll(/<\{%.*?%\}>/g, '').trimEnd());
}
