import type { EngineEvent } from '@pulumi/pulumi/automation';

/** What is said in an event, if anything: diagnostics of any weight, and findings of the policy pack. */
export function words({ diagnosticEvent, policyEvent }: EngineEvent): string[] {
  const told = [
    ...(diagnosticEvent === undefined || (diagnosticEvent.severity as string) === 'debug'
      ? []
      : [`${diagnosticEvent.severity}: ${diagnosticEvent.message}`]),
    ...(policyEvent === undefined ? [] : [`[${policyEvent.enforcementLevel}] ${policyEvent.message}`]),
  ];
  return told.map((text) => text.replaceAll(/<\{%.*?%\}>/g, '').trimEnd());
}
