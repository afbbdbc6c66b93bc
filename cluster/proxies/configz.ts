import { z } from 'zod';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';

const objects = z.array(
  z.looseObject({
    apiVersion: z.string(),
    kind: z.string(),
    metadata: z.looseObject({ name: z.string(), namespace: z.string().exactOptional() }),
    spec: z.record(z.string(), z.unknown()).exactOptional(),
  }),
);

/**
 * The VirtualServices that istiod has from the API server, out of its `/debug/configz`, which reads and makes nothing.
 * @throws z.ZodError when it is no such answer.
 */
export function virtualServices(configz: unknown): KubernetesObject[] {
  return objects.parse(configz).filter(({ kind }) => kind === 'VirtualService');
}
