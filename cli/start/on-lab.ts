import { defined, releaseType } from '../../mesh/manifests/kubernetes';
import { renderMesh, type Mesh } from '../../mesh/manifests/mesh';
import type { StackSettings } from '../../mesh/manifests/settings';
import { labApi, labUp, type Lab } from '../../cluster/lab';
import { withoutEncryptedSettings } from '../../config/encrypted';
import type { CheckOptions } from '../../policy/rule';
import { asUserError, UserError } from '../errors';
import type { LoadedStack } from '../input';
import { say } from '../output';
import { labSettings, reachableAddonCharts } from './lab-settings';
import { LabStack } from './lab-stack';
import { deployedStacks, recordOrigin, refuseOtherOrigin } from './stack-state';

/** A stack that is ready to be deployed to the lab. */
export interface OnLab {
  lab: Lab;
  stack: LabStack;
  /** The settings that the lab supports. */
  local: ReturnType<typeof labSettings>;
  mesh: Mesh;
  /** Keys of settings that the lab cannot decrypt. */
  encrypted: readonly string[];
}

/**
 * Brings the lab up, and opens a stack there with the settings of a stack file.
 * @throws UserError when the lab cannot have it
 */
export async function openOnLab({ name, origin, settings, policy }: LoadedStack): Promise<OnLab> {
  const readable = withoutEncryptedSettings(settings);
  const [lab, addons] = await Promise.all([asUserError(labUp({ log: say })), reachableAddonCharts(readable.settings)]);
  const local = labSettings(readable.settings, { istio: lab.charts, addons });
  const mesh = renderMesh(local.settings);
  refuseOtherOrigin(lab, name, origin);
  refuseOtherStacks(lab, name, mesh);
  await refuseWithoutIstio(lab, local.settings, mesh);
  const stack = await configuredStack(lab, { name, origin, policy }, local.settings);
  return { lab, stack, local, mesh, encrypted: readable.keys };
}

/**
 * Opens a stack on the lab and configures it.
 * @param settings - those of its stack file that the lab supports
 * @param code - an earlier bundle of the program. Defaults to the program as it is now
 * @throws UserError when Pulumi cannot open it
 */
export async function configuredStack(
  lab: Lab,
  { name, origin, policy }: Pick<LoadedStack, 'name' | 'origin' | 'policy'>,
  settings: StackSettings,
  code?: string,
): Promise<LabStack> {
  const stack = await LabStack.open(lab, name, defined({ log: say, code }));
  stack.configure(stackConfig(settings, policy));
  recordOrigin(lab, name, origin);
  return stack;
}

/** A stack's settings as Pulumi keeps them in a stack file. */
export function stackConfig(settings: StackSettings, policy: CheckOptions): Record<string, unknown> {
  const sections = Object.entries({ ...settings, policy });
  return Object.fromEntries(sections.map(([section, value]): [string, unknown] => [`meshwright:${section}`, value]));
}

/**
 * @throws UserError when another stack on the lab has one of this stack's Helm releases: control planes in a cluster
 * need different names.
 */
function refuseOtherStacks(lab: Lab, name: string, { releases }: Mesh): void {
  const own = new Set(releases.map((release) => `${release.namespace}/${release.name}`));
  for (const [other, resources] of deployedStacks(lab)) {
    if (other === name) continue;
    const inputs = resources.filter(({ type }) => type === releaseType).map((one) => one.inputs ?? {});
    const shared = inputs
      .map((release) => `${String(release['namespace'])}/${String(release['name'])}`)
      .filter((id) => own.has(id));
    if (shared.length === 0) continue;
    throw new UserError(
      [
        `The lab's stack ${other} has the same Helm releases: ${shared.join(', ')}.`,
        `Remove it first: npx meshwright down --stack ${other}`,
      ].join('\n'),
    );
  }
}

/** @throws UserError when a stack has Istio objects, but neither the stack nor the lab has Istio. */
async function refuseWithoutIstio(lab: Lab, { istio }: StackSettings, { objects }: Mesh): Promise<void> {
  const needed = objects.find(({ object }) => /\.istio\.io\//.test(object.apiVersion));
  if (istio !== undefined || needed === undefined) return;
  const kinds = await asUserError(labApi(lab).freshKinds());
  if (kinds.has('VirtualService.networking.istio.io')) return;
  throw new UserError(
    [
      'The lab has no Istio, and the stack file does not install it.',
      'Add meshwright:istio to the stack file (`meshwright:istio: {}` is enough), or start another stack that has it first.',
    ].join('\n'),
  );
}
