/** Properties of a resource as far as they are known. */
export interface KnownPart {
  /** A copy without the unknown values, whose items keep their index: an unknown item of a list is null. */
  value: Record<string, unknown>;
  /** Paths of what is unknown, e.g. `spec.http[0].route[1].weight`. */
  unknowns: string[];
}

/**
 * Copies properties out of the SDK's proxy, which throws on the first unknown value that anybody reads; one such throw would end the whole policy, with an advisory
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
    return { value: get() };
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
