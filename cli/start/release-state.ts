import { counted } from '../../mesh/strings';
import '../../runtime/lazy-sdk-imports';
import { writeFileSync } from 'node:fs';
import type { Deployment, EngineEvent, Stack } from '@pulumi/pulumi/automation';
import { userRoot } from '../../runtime/project-root';
import { UserError } from '../errors';
import type { PlannedObject } from './engine-steps';
import { commandWords } from './engine-talk';
import { objectLines, planOf } from './plan';

/** A stack whose state can be read and replaced. */
export type StateHolder = Pick<Stack, 'exportStack' | 'importStack'>;

/**
 * A stack of this project in the team's own backend, as `pulumi up` uses it.
 * @throws UserError when Pulumi is not installed, or has no such stack
 */
export async function openStack(name: string): Promise<StateHolder> {
  try {
    const { LocalWorkspace } = await import('@pulumi/pulumi/automation/index.js');
    return await LocalWorkspace.selectStack({ stackName: name, workDir: userRoot });
  } catch (error) {
    throw new UserError(`Pulumi cannot open the stack ${name}: ${commandWords(error)}`);
  }
}

interface StateResource {
  urn: string;
  type: string;
  custom?: boolean;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
}

interface State {
  resources?: StateResource[];
  pending_operations?: unknown[];
}

export interface ReleaseOptions {
  print: (text: string) => void;
  /** Asks for confirmation, once the plan was printed. */
  confirm: (question: string) => Promise<boolean>;
  /** File for a copy of the state. */
  backup?: string;
}

/**
 * Empties the state of a stack, after showing the plan. Talks to Pulumi's backend only, so no object in a cluster changes.
 * @returns false when it was not confirmed; then nothing was changed
 * @throws UserError when the state cannot be read or written
 */
export async function releaseState(
  name: string,
  stack: StateHolder,
  { print, confirm, backup }: ReleaseOptions,
): Promise<boolean> {
  const before = await inPulumi(name, () => stack.exportStack());
  const state = (before.deployment ?? {}) as State;
  const { resources = [], pending_operations: pending = [] } = state;
  const objects = objectsOf(resources);
  if (resources.length === 0) {
    print(`The state of ${name} is empty.\n`);
    return true;
  }
  print(`Plan\n${releaseText(objects)}\n`);
  if (pending.length > 0)
    print(`An update was interrupted: ${counted(pending.length, 'operation')} may not be finished in the cluster.\n\n`);
  if (!(await confirm(`Release the objects of the stack ${name}?`))) return false;
  if (backup !== undefined) writeFileSync(backup, `${JSON.stringify(before, null, 2)}\n`, { mode: 0o600 });
  const empty: Deployment = { ...before, deployment: { ...state, resources: [], pending_operations: [] } };
  await inPulumi(name, () => stack.importStack(empty));
  print(`released: the cluster keeps ${counted(objects.length, 'object')}, and ${name} has none\n`);
  return true;
}

async function inPulumi<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new UserError(`Pulumi cannot change the state of ${name}: ${commandWords(error)}`);
  }
}

/** The objects of a state, as the plan of a destroy would name them. */
function objectsOf(resources: readonly StateResource[]): PlannedObject[] {
  const events = resources.map(({ urn, type, custom = false, inputs = {}, outputs = {} }) => ({
    resOutputsEvent: { metadata: { op: 'delete', urn, type, old: { custom, inputs, outputs } } },
  }));
  return planOf(events as unknown as EngineEvent[]).removed;
}

/** The objects that leave the state. Labels of patched namespaces stay too. */
function releaseText(objects: readonly PlannedObject[]): string {
  const lines = objectLines('.', objects);
  return `${[...lines, `${objects.length} to release: they leave the state, and do not change in the cluster`].join('\n')}\n`;
}
