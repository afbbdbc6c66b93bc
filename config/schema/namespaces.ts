import { z } from 'zod';
import type { NamespaceSettings } from '../../mesh/manifests/settings';
import { byLabel, label, stringMap } from './values';

export const namespace = z.strictObject({
  injection: z
    .boolean()
    .exactOptional()
    .describe('Sidecar injection on or off. Not together with revision. Default: no label.'),
  revision: label.exactOptional().describe('Injection by this control plane revision. Default: none.'),
  ambient: z.boolean().exactOptional().describe('Ambient mode. Default: false.'),
  existing: z
    .boolean()
    .exactOptional()
    .describe('The namespace is there already: it is only labelled. Default: false; true for default and kube-*.'),
  labels: stringMap.exactOptional().describe('Default: none.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<NamespaceSettings>;

export const namespaces = byLabel(namespace).describe('Namespaces by name.');
