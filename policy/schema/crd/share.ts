import type { JsonSchema } from './schemas';

/** Shorter ones cost less where they stand than a call does. */
const worthwhile = 150;

/**
 * A schema whose repeated parts stand once, under `$defs`: a CRD cannot refer, so a DestinationRule has its traffic policy four times over, and what is compiled of it takes as much longer. Judges
 * objects as the schema itself does, at the same paths.
 */
export function withShared(schema: JsonSchema): JsonSchema {
  const texts = new Map<JsonSchema, string>();
  const uses = new Map<string, number>();
  function count(part: JsonSchema): void {
    const text = JSON.stringify(part);
    texts.set(part, text);
    uses.set(text, (uses.get(text) ?? 0) + 1);
    innerSchemas(part).forEach(count);
  }
  count(schema);

  const names = new Map<string, string>();
  const $defs: Record<string, JsonSchema> = {};
  function share(part: JsonSchema): JsonSchema {
    const text = texts.get(part) ?? '';
    if (text.length < worthwhile || (uses.get(text) ?? 0) < 2) return mapInner(part, share);
    let name = names.get(text);
    if (name === undefined) {
      name = `part${names.size}`;
      names.set(text, name);
      $defs[name] = mapInner(part, share);
    }
    return { $ref: `#/$defs/${name}` };
  }
  return { ...mapInner(schema, share), $defs };
}

/** Schemas of fields and items. What `oneOf` and its like hold are conditions, not parts. */
function innerSchemas({ properties = {}, items, additionalProperties }: JsonSchema): JsonSchema[] {
  return [
    ...Object.values(properties),
    ...(items === undefined ? [] : [items]),
    ...(typeof additionalProperties === 'object' ? [additionalProperties] : []),
  ];
}

/** A schema with those of its fields and items changed. */
export function mapInner(schema: JsonSchema, change: (inner: JsonSchema) => JsonSchema): JsonSchema {
  const { properties, items, additionalProperties } = schema;
  const inner = { ...schema };
  if (properties !== undefined)
    inner.properties = Object.fromEntries(
      Object.entries(properties).map(([name, property]) => [name, change(property)]),
    );
  if (items !== undefined) inner.items = change(items);
  if (typeof additionalProperties === 'object') inner.additionalProperties = change(additionalProperties);
  return inner;
}
