/** Properties of a resource as far as they are known. */
export interface KnownPart {
  /** A copy without the unknown values, whose items keep their index: an unknown item of a list is null. */
  value: Record<string, unknown>;
  /** Paths of what is unknown, e.g. `spec.http[0].route[1].weight`. */
  unknowns: string[];
}

/** What stands for a value that is not known yet, by its type: bool, number, text, list, asset, archive, map (Pulumi: sdk/go/common/resource/plugin/rpc.go). */
const unknownMarks: ReadonlySet<unknown> = new Set([
  '1c4a061d-8072-4f0a-a4cb-0ff528b18fe7',
  '3eeb2bf0-c639-47a8-9e75-3b44932eb421',
  '04da6b54-80e4-46f7-96ec-b56ff0331ba9',
  '6a19a0b0-7e62-4c92-b797-7f8e31da9cc2',
  '030794c1-ac77-496b-92df-f27374a8bd58',
  'e48ece36-62e2-4504-bad9-02848725956a',
  'dd056dcd-154b-4c76-9bd3-c8f88648b5ff',
]);

/**
 * Copies properties as the engine has sent them, or out of the SDK's proxy, which throws on the first unknown value that anybody reads; one such throw would end the whole policy, with an advisory
 * message, whatever its level.
 */
export function knownPart(props: Readonly<Record<string, unknown>>): KnownPart {
  const unknowns: string[] = [];
  return { value: copyMap(props, '', unknowns), unknowns };
}

function copy(value: unknown, path: string, unknowns: string[]): unknown {
  if (Array.isArray(value)) return copyList(value, path, unknowns);
  if (typeof value === 'object' && value !== null) return copyMap(value as Record<string, unknown>, path, unknowns);
  return value;
}

function copyList(list: readonly unknown[], path: string, unknowns: string[]): unknown[] {
  const items: unknown[] = [];
  for (let index = 0; index < list.length; index++) {
    const item = read(() => list[index]);
    const place = `${path}[${index}]`;
    if (item === undefined) unknowns.push(place);
    items.push(item === undefined ? null : copy(item.value, place, unknowns));
  }
  return items;
}

function copyMap(map: Readonly<Record<string, unknown>>, path: string, unknowns: string[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of Object.keys(map)) {
    const field = read(() => map[key]);
    const place = below(path, key);
    if (field === undefined) unknowns.push(place);
    else fields[key] = copy(field.value, place, unknowns);
  }
  return fields;
}

function read(get: () => unknown): { value: unknown } | undefined {
  try {
    const value = get();
    return unknownMarks.has(value) ? undefined : { value };
  } catch (error) {
    // By name: where the SDK is there twice, each copy has a class of its own.
    if (error instanceof Error && error.constructor.name === 'UnknownValueError') return undefined;
    throw error;
  }
}

function below(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}
