import { z } from 'zod';
import type { KubernetesObject } from '../../../mesh/manifests/kubernetes';

export const liveSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string().optional(),
    labels: z.record(z.string(), z.string()).optional(),
    annotations: z.record(z.string(), z.string()).optional(),
  }),
  status: z.looseObject({}).optional(),
});

/** An object as the API server has it. */
export type LiveObject = z.infer<typeof liveSchema> & KubernetesObject;

/** Throws a ZodError for anything else. */
export function asLive(object: unknown): LiveObject {
  return liveSchema.parse(object) as LiveObject;
}
