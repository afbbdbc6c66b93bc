import { nearest } from '../mesh/strings';
import { configNamespace, type Key } from './key-path';
import { encryptedValue } from './problem';

/**
 * A value as Pulumi passes it to a program, with the keys of maps in alphabetical order: reading the file gives the
 * same mesh. Encrypted values (`secure: …`, as `pulumi config set --secret --path` writes them) cannot be read here;
 * {@link encryptedValue} replaces them.
 */
export function pulumiConfigValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isCiphertext(value)) return encryptedValue;
  if (Array.isArray(value)) return value.map(pulumiConfigValue);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, pulumiConfigValue(item)]));
}

function isCiphertext(value: object): boolean {
  const [[key, text] = [], ...others] = Object.entries(value) as [string, unknown][];
  return key === 'secure' && typeof text === 'string' && others.length === 0;
}

/** The keys down to every encrypted value. */
export function encryptedKeys(value: unknown, keys: Key[] = []): Key[][] {
  if (value === encryptedValue) return [keys];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    encryptedKeys(item, [...keys, Array.isArray(value) ? Number(key) : key]),
  );
}

/** The sections of a `config:` map. */
export interface Sections {
  /** Values by section, as Pulumi would pass them to a program. */
  values: Record<string, unknown>;
  /** The key of each section in the map. A key without a namespace has the project's. */
  keys: Map<string, string>;
  /** Keys that belong to no section. */
  problems: { key: string; message: string }[];
}

const prefix = `${configNamespace}:`;

/** Keys of other namespaces belong to other programs. */
export function sectionsOf(config: Record<string, unknown>): Sections {
  const found: Sections = { values: {}, keys: new Map(), problems: [] };
  for (const [key, value] of Object.entries(config)) {
    const section = sectionName(key);
    const namespace = key.slice(0, key.indexOf(':'));
    if (section === undefined) {
      if (nearest(namespace, [configNamespace]) !== undefined)
        found.problems.push({
          key,
          message: `unknown configuration namespace "${namespace}"; did you mean "${configNamespace}"?`,
        });
    } else if (found.keys.has(section)) {
      found.problems.push({ key, message: `${section} and ${prefix}${section} are the same key; keep one of them` });
    } else {
      found.keys.set(section, key);
      found.values[section] = sectionValue(value);
    }
  }
  return found;
}

/** The section that a key of `config:` stands for; without a namespace Pulumi takes the project's. */
export function sectionName(key: string): string | undefined {
  if (key.startsWith(prefix)) return key.slice(prefix.length);
  return key.includes(':') ? undefined : key;
}

/**
 * A section given as a string is JSON: `pulumi config set` without --path writes it so, and Pulumi passes every section
 * to a program in this form.
 */
function sectionValue(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
