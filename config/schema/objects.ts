import { z } from 'zod';
import type { KubernetesObject, ObjectMeta } from '../../mesh/manifests/kubernetes';
import { anyMap, stringMap, text } from './values';

export const objectMeta = z.strictObject({
  name: text.describe('Name of the object.'),
  namespace: z.string().exactOptional().describe('Namespace. Default: none, for a cluster-scoped object.'),
  labels: stringMap.exactOptional(),
  annotations: stringMap.exactOptional(),
}) satisfies z.ZodType<ObjectMeta>;

export const kubernetesObject = z
  .object({
    apiVersion: text.describe('E.g. networking.istio.io/v1.'),
    kind: text.describe('E.g. ServiceEntry.'),
    metadata: objectMeta,
    spec: anyMap.exactOptional().describe('Verbatim.'),
  })
  .catchall(z.unknown()) satisfies z.ZodType<KubernetesObject>;

export const objects = z.array(kubernetesObject).describe('Any Kubernetes or Istio object, verbatim.');
