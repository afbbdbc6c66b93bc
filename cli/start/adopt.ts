import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineEvent } from '@pulumi/pulumi/automation';
import type { KubernetesApi, LiveObject } from '../../cluster/api';
import { objectTitle } from '../../mesh/manifests/kubernetes';
import { counted } from '../../mesh/strings';
import { asUserError } from '../errors';
import { adoptionOf, patchedObjects, type Adoption } from './adopted-state';
import type { EnginePlan } from './engine-plan';
import type { LabStack } from './lab-stack';
import { planLines } from './plan';
import { inPulumi, stateOf } from './state-holder';

/** Opens the cluster, for the labels of existing namespaces. */
export type OpenCluster = () => Promise<Pick<KubernetesApi, 'get'>>;

/**
 * Runs a preview, and finds the existing objects that are as the stack file states.
 * @param preview - runs it, with the plan written to a file
 */
export async function plannedAdoption<T extends { events: EngineEvent[] }>(
  preview: (plan: string) => Promise<T>,
  open: OpenCluster,
): Promise<{ ran: T; adoption: Adoption }> {
  const folder = mkdtempSync(join(tmpdir(), 'meshwright-plan-'));
  try {
    const file = join(folder, 'plan.json');
    const ran = await preview(file);
    const plan = JSON.parse(readFileSync(file, 'utf8')) as EnginePlan;
    return { ran, adoption: adoptionOf(ran.events, plan, await asUserError(patched(ran.events, open))) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function patched(events: readonly EngineEvent[], open: OpenCluster): Promise<Map<string, LiveObject>> {
  const objects = patchedObjects(events);
  if (objects.length === 0) return new Map();
  const api = await open();
  const found = await Promise.all(objects.map((object) => api.get(object)));
  return new Map(found.flatMap((object) => (object === undefined ? [] : [[objectTitle(object), object]])));
}

/**
 * Adds the adopted objects to the state of a stack. Changes no object in a cluster.
 * @throws UserError when the state cannot be read or written, such as during an update
 */
export async function recordAdoption(
  { name, pulumi }: Pick<LabStack, 'name' | 'pulumi'>,
  { added }: Adoption,
): Promise<void> {
  const state = await inPulumi(name, () => pulumi.exportStack());
  const { resources = [] } = stateOf(state);
  const deployment = { ...stateOf(state), resources: added(resources, randomUUID) };
  await inPulumi(name, () => pulumi.importStack({ ...state, deployment }));
}

export interface AdoptOptions {
  print: (text: string) => void;
  /** Asks for confirmation, once the plan was printed. */
  confirm: (question: string) => Promise<boolean>;
}

/**
 * Adopts objects without a write, after showing the plan.
 * @returns false when it was not confirmed; then nothing was changed
 * @throws UserError when the state cannot be read or written
 */
export async function adoptObjects(
  stack: Pick<LabStack, 'name' | 'pulumi'>,
  adoption: Adoption,
  { print, confirm }: AdoptOptions,
): Promise<boolean> {
  const objects = counted(adoption.adopted.adopted.length, 'object');
  print(`Plan\n${adoptionText(adoption)}\n`);
  if (adoption.adopted.adopted.length === 0) return true;
  if (!(await confirm(`Adopt ${objects} in the stack ${stack.name}?`))) return false;
  await recordAdoption(stack, adoption);
  print(`adopted: ${stack.name} has ${objects} more, and nothing in the cluster was changed\n`);
  return true;
}

function adoptionText({ adopted, left }: Adoption): string {
  const count = adopted.adopted.length;
  const rest = planLines(left);
  return [
    ...planLines(adopted),
    `${count} to adopt${count === 0 ? '' : ': as stated already, they do not change in the cluster'}`,
    ...(rest.length === 0 ? [] : ['', 'Left to the next update', ...rest]),
    '',
  ].join('\n');
}
