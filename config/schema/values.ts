import * as z from 'zod';
import type { ExportedObjectSettings, ObjectSettings } from '../../mesh/manifests/settings';
import type { ServiceType } from '../../mesh/manifests/kubernetes';
import { dnsLabel, labelMaxLength } from '../../mesh/manifests/formats';
import { networkingVersions } from '../../mesh/manifests/istio';

/** The kinds of value in a stack file. Each has a message that says what it allows. */

const labelRule =
  'must be a DNS label: lower-case letters, digits and "-", at most 63 characters, starting and ending with a letter or digit';

/** An RFC 1123 label: what namespaces, services, versions and releases are named by. */
export const label = z.string().regex(dnsLabel, { error: labelRule }).max(labelMaxLength, { error: labelRule });

/** A string that is not empty. */
export const text = z.string().min(1, { error: 'must not be empty' });

/** Labels and annotations. Their values are strings, also where they look like numbers. */
export const stringMap = z.record(z.string(), z.string());

/** A map whose keys are DNS labels. */
export function byLabel<T extends z.ZodType>(value: T): z.ZodRecord<typeof label, T> {
  return z.record(label, value);
}

/** A list with at least one entry. */
export function filledList<T extends z.ZodType>(item: T, what: string): z.ZodArray<T> {
  return z.array(item).min(1, { error: `must name at least one ${what}; remove the key for none` });
}

export function wholeNumber(min: number, max: number, what = 'a whole number'): z.ZodInt {
  const error = `must be ${what} from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** A number of replicas. */
const countRule = { error: 'must be a whole number, 0 or more' };
export const count = z.int(countRule).min(0, countRule);

export const port = wholeNumber(1, 65535, 'a port, a whole number');

export const serviceType = z.enum(['ClusterIP', 'NodePort', 'LoadBalancer']) satisfies z.ZodType<ServiceType>;

/** A map whose fields a chart, Istio or cert-manager defines, and which is passed on verbatim. */
export const anyMap = z.record(z.string(), z.unknown());

/** The types that Istio's fields have at the outside. */
const shapes = { map: anyMap, list: z.array(z.unknown()), string: z.string(), number: z.number() };

/**
 * A field of Istio, verbatim. Only the outer type is checked here: the rendered object is checked against Istio's own
 * schema.
 * @param source - where the field is described, as kind and path in its spec, e.g. `VirtualService.http[].match`
 */
export function verbatim<T>(shape: keyof typeof shapes, source: string, description: string): z.ZodType<T, T> {
  const schema: z.ZodType = shapes[shape];
  return schema.meta({ description: `${description} Istio's, verbatim.`, [istioSource]: source }) as z.ZodType<T, T>;
}

/** Metadata key under which {@link verbatim} stores `source` for the JSON Schema. */
export const istioSource = 'istioSource';

/** Keys of every Istio object that is made from the settings. */
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
