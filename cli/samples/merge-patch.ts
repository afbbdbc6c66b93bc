type Json = Record<string, unknown>;

/** A JSON merge patch (RFC 7396) applied: maps are merged key by key, `null` takes a key away, everything else replaces what was there. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isMap(patch)) return patch;
  const kept = isMap(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(kept, key);
    else kept[key] = mergePatch(kept[key], value);
  }
  return kept;
}

function isMap(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
