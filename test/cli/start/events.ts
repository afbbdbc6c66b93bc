import type { EngineEvent } from '@pulumi/pulumi/automation';

/** The engine's event for an object's step. */
export interface Step {
  op: string;
  /** `kubernetes:core/v1:Namespace`, and the resource's name. */
  type: string;
  name: string;
  before?: { inputs?: object; outputs?: object; retainOnDelete?: boolean };
  after?: { inputs?: object; outputs?: object };
  /** A component is not custom. */
  custom?: boolean;
}

export function urnOf({ type, name }: Pick<Step, 'type' | 'name'>): string {
  return `urn:pulumi:dev::meshwright::meshwright:index:Thing$${type}::${name}`;
}

/** Events that the engine sends when a step starts. */
export function begins(step: Step): EngineEvent {
  return { sequence: 0, timestamp: 0, resourcePreEvent: { metadata: metadata(step) } };
}

/** The events of a successful step. */
export function ends(step: Step): EngineEvent {
  return { sequence: 0, timestamp: 0, resOutputsEvent: { metadata: metadata(step) } };
}

function metadata({ op, type, name, before, after, custom = true }: Step): never {
  const state = (told: object | undefined): object | undefined =>
    told === undefined ? undefined : { inputs: {}, outputs: {}, custom, ...told };
  return { op, type, urn: urnOf({ type, name }), old: state(before), new: state(after) } as never;
}

/** A message during a run. */
export function says(severity: string, message: string, told: { urn?: string; ephemeral?: boolean } = {}): EngineEvent {
  return { sequence: 0, timestamp: 0, diagnosticEvent: { severity, message, color: 'raw', ...told } as never };
}

/** A finding of the policy pack. */
export function finds(enforcementLevel: 'mandatory' | 'advisory', message: string): EngineEvent {
  return { sequence: 0, timestamp: 0, policyEvent: { enforcementLevel, message } as never };
}

/** Inputs of a Kubernetes object. */
export function object(kind: string, id: string, fields: object = {}): object {
  const [name, namespace] = id.split('/').toReversed();
  return { apiVersion: 'v1', kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...fields };
}
