import { z } from 'zod';
import { networkingVersions } from '../../mesh/manifests/istio';
import type { ExportedObjectSettings, ObjectSettings } from '../../mesh/manifests/settings';
import { stringMap, text } from './values';

/** Keys that every Istio object made from the settings takes. */
export const objectKeys = {
  name: text.exactOptional().describe('Name of the object. Default: the key in the stack file.'),
  apiVersion: z.enum(networkingVersions).exactOptional().describe('Default: networking.istio.io/v1.'),
  labels: stringMap.exactOptional().describe('Default: none.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
};

export const exportedObjectKeys = {
  ...objectKeys,
  exportTo: z
    .array(text)
    .exactOptional()
    .describe('Namespaces that see the object: names, "." or "*". Default: every namespace.'),
};

export const objectSettings = z.strictObject(objectKeys) satisfies z.ZodType<ObjectSettings>;
export const exportedObjectSettings = z.strictObject(exportedObjectKeys) satisfies z.ZodType<ExportedObjectSettings>;
