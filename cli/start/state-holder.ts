import type { Deployment, Stack } from '@pulumi/pulumi/automation';
import { UserError } from '../errors';
import { commandWords } from './engine-talk';

/** A stack whose state can be read and replaced. */
export type StateHolder = Pick<Stack, 'exportStack' | 'importStack'>;

/** A resource in an exported state, with the fields used here. */
export interface StateResource {
  urn: string;
  type: string;
  id?: string;
  custom?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  [key: string]: unknown;
}

/** An exported state. */
export interface State {
  resources?: StateResource[];
  pending_operations?: unknown[];
}

export function stateOf({ deployment }: Deployment): State {
  return (deployment ?? {}) as State;
}

/** @throws UserError with Pulumi's own message */
export async function inPulumi<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new UserError(`Pulumi cannot change the state of ${name}: ${commandWords(error)}`);
  }
}
