import { z } from 'zod';
import type { StackSettings } from '../../mesh/manifests/settings';
import { addons } from './addons';
import { apps } from './apps';
import { gateways } from './gateways';
import { istio } from './istio';
import { namespaces } from './namespaces';
import { objects } from './objects';
import { policy, type PolicySettings } from './policy';
import { proof } from './proof';
import { routes } from './routes';

/** All that a stack file says: the mesh, and what its checks are told. */
export interface StackFile extends StackSettings {
  policy?: PolicySettings;
}

export const stackFile = z.strictObject({
  istio: istio.exactOptional(),
  gateways: gateways.exactOptional(),
  namespaces: namespaces.exactOptional(),
  apps: apps.exactOptional(),
  addons: addons.exactOptional(),
  routes: routes.exactOptional(),
  objects: objects.exactOptional(),
  proof: proof.exactOptional(),
  policy: policy.exactOptional(),
}) satisfies z.ZodType<StackFile>;

/** Names of the sections, in the order of the documentation. */
export const sectionNames = Object.keys(stackFile.shape) as (keyof StackFile)[];
