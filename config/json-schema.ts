import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { defined } from '../mesh/manifests/kubernetes';
import crds from '../policy/schema/crd/istio.generated.json';
import { configNamespace } from './key-path';
import { stackFile } from './schema/stack-file';
import { istioSource } from './schema/values';

export interface IstioKind {
  name: string;
  apiVersions: string[];
  schema: SettingsSchema;
}

const schemas = crds.schemas as SettingsSchema[];

/** Istio's kinds that a stack file may contain. */
const istioKinds: IstioKind[] = Object.entries(crds.kinds as Record<string, Record<string, number>>).map(
  ([groupKind, versions]) => {
    const [group = '', name = ''] = groupKind.split('/');
    const [index = -1] = Object.values(versions);
    return {
      name,
      apiVersions: Object.keys(versions).map((version) => `${group}/${version}`),
      schema: schemas[index] ?? {},
    };
  },
);

/** The CRD's schema of a kind, as JSON Schema. */
function crdSchema({ schema }: IstioKind): SettingsSchema {
  const { spec } = schema['properties'] as Record<string, SettingsSchema>;
  return { type: 'object', properties: { spec: spec === undefined ? {} : strict(spec) } };
}

/**
 * As the API server checks it with strict field validation: unknown fields are refused. Kubernetes' own keywords and
 * formats are left out.
 */
function strict(schema: SettingsSchema): SettingsSchema {
  const entries = Object.entries(schema).flatMap(([keyword, value]): [string, unknown][] => {
    if (keyword.startsWith('x-kubernetes-') || keyword === 'format' || keyword === 'nullable') return [];
    if (keyword === 'properties') return [[keyword, mapped(value as Record<string, SettingsSchema>)]];
    const inner = keyword === 'items' || keyword === 'additionalProperties';
    return [[keyword, inner && typeof value === 'object' ? strict(value as SettingsSchema) : value]];
  });
  const closed =
    'properties' in schema &&
    !('additionalProperties' in schema) &&
    schema['x-kubernetes-preserve-unknown-fields'] !== true;
  return { ...Object.fromEntries(entries), ...(closed ? { additionalProperties: false } : {}) };
}

function mapped(properties: Record<string, SettingsSchema>): Record<string, SettingsSchema> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, strict(schema)]));
}

export type SettingsSchema = Record<string, unknown>;

/**
 * JSON Schema (draft 7, which editors support best) of a stack file, for completion and hints. The loader checks what a
 * schema cannot express, such as the sum of weights. The CRDs describe Istio's fields.
 */
export function stackFileJsonSchema(): SettingsSchema {
  const { properties } = z.toJSONSchema(stackFile, { io: 'input', target: 'draft-7', unrepresentable: 'any' });
  const sections = Object.entries(properties ?? {}).map(([name, section]): [string, unknown] => [
    `${configNamespace}:${name}`,
    name === 'objects' ? withIstioKinds(forEditors(section) as SettingsSchema) : forEditors(section),
  ]);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Meshwright stack file',
    type: 'object',
    required: ['config'],
    properties: {
      config: {
        type: 'object',
        description: 'Configuration of the stack.',
        properties: Object.fromEntries(sections),
        patternProperties: { [`^(?!${configNamespace}:)[^:]+:`]: {} },
        additionalProperties: false,
      },
    },
    definitions: {
      text: { anyOf: [{ type: 'string' }, { $ref: '#/definitions/encrypted' }] },
      encrypted: {
        description: 'Written by `pulumi config set --secret --path`.',
        type: 'object',
        properties: { secure: { type: 'string' } },
        required: ['secure'],
        additionalProperties: false,
      },
      ...Object.fromEntries(istioKinds.map((kind) => [kind.name, crdSchema(kind)])),
    },
  };
}

/** Zod's schema, with Istio's fields added, and with encrypted values allowed instead of free strings. */
function forEditors(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(forEditors);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { [istioSource]: source, description, propertyNames, ...rest } = schema as SettingsSchema;
  if (typeof source === 'string') return reference(istioDefinition(source), description);
  if (isFreeText(rest)) return reference('text', description);
  const inner = Object.entries(rest).map(([key, value]): [string, unknown] => [key, forEditors(value)]);
  const restricted = propertyNames !== undefined && !isFreeText(propertyNames as SettingsSchema);
  return defined({ description, propertyNames: restricted ? propertyNames : undefined, ...Object.fromEntries(inner) });
}

/** Draft 7 ignores keywords beside a `$ref`, so the reference goes into `allOf`. */
function reference(definition: string, description: unknown): SettingsSchema {
  const $ref = `#/definitions/${definition}`;
  return description === undefined ? { $ref } : { description, allOf: [{ $ref }] };
}

/** Verbatim objects of Istio's kinds, each by its CRD. */
function withIstioKinds(objects: SettingsSchema): SettingsSchema {
  const kinds = istioKinds.map(({ name, apiVersions }) => ({
    if: { properties: { kind: { const: name }, apiVersion: { enum: apiVersions } }, required: ['kind', 'apiVersion'] },
    then: { $ref: `#/definitions/${name}` },
  }));
  return { ...objects, items: { ...(objects['items'] as SettingsSchema), allOf: kinds } };
}

function isFreeText(schema: SettingsSchema): boolean {
  return schema['type'] === 'string' && !['enum', 'const', 'pattern'].some((keyword) => keyword in schema);
}

/** `VirtualService.http[].match` → where the CRD describes it. */
function istioDefinition(source: string): string {
  const [kind = '', ...fields] = source.split('.');
  const steps = fields.flatMap((field) =>
    field.endsWith('[]') ? ['properties', field.slice(0, -2), 'items'] : ['properties', field],
  );
  return [kind, 'properties', 'spec', ...steps].join('/');
}

/** The file that the stack files name in their first line. */
export const schemaFile = join(__dirname, 'settings.schema.json');

/** The content of {@link schemaFile}. */
export function schemaText(): string {
  return `${JSON.stringify(stackFileJsonSchema(), null, 1)}\n`;
}

if (require.main === module) writeFileSync(schemaFile, schemaText());
