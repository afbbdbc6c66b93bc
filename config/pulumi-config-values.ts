import { configNamespace, type Key } from './key-path';
import { secretValue } from './problem';
import { nearest } from '../policy/finding';

export interface HandedOver {
  value: unknown;
  /** Where encrypted values stand. */
  encrypted: Key[][];
}

/**
 * A value as Pulumi hands it to a program, so that whoever reads the file alone gets the same mesh: the keys of maps in order of the alphabet. Encrypted values (`secure: …`,
 * as `pulumi config set --secret --path` writes them) cannot be read and are `[secret]`.
 */
export function handedOver(value: unknown, keys: Key[] = []): HandedOver {
  if (typeof value !== 'object' || value === null) return { value, encrypted: [] };
  if (isCiphertext(value)) return { value: secretValue, encrypted: [keys] };
  if (Array.isArray(value)) {
    const items = value.map((item, index) => handedOver(item, [...keys, index]));
    return { value: items.map((item) => item.value), encrypted: items.flatMap(({ encrypted }) => encrypted) };
  }
  const entries = Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]): [string, HandedOver] => [key, handedOver(item, [...keys, key])]);
  return {
    value: Object.fromEntries(entries.map(([key, item]) => [key, item.value])),
    encrypted: entries.flatMap(([, { encrypted }]) => encrypted),
  };
}

function isCiphertext(value: object): boolean {
  const [[key, text] = [], ...others] = Object.entries(value) as [string, unknown][];
  return key === 'secure' && typeof text === 'string' && others.length === 0;
}

/** The sections of a `config:` map. */
export interface Sections {
  /** Values by section, as Pulumi would hand them to a program. */
  values: Record<string, unknown>;
  /** The key of each section in the map, which may lack the namespace: that is the project's own name then. */
  keys: Map<string, string>;
  /** Keys that stand for nothing. */
  problems: { key: string; message: string }[];
}

const prefix = `${configNamespace}:`;

/** Keys of other namespaces are other people's. */
export function sectionsOf(config: Record<string, unknown>): Sections {
  const found: Sections = { values: {}, keys: new Map(), problems: [] };
  for (const [key, value] of Object.entries(config)) {
    const section = sectionName(key);
    const namespace = key.slice(0, key.indexOf(':'));
    if (section === undefined) {
      if (nearest(namespace, [configNamespace]) !== undefined)
        found.problems.push({
          key,
          message: `"${namespace}" is nobody's namespace; did you mean "${configNamespace}"?`,
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

/** A section given as text is JSON: so `pulumi config set` without --path writes it, and so Pulumi hands every section to a program. */
function sectionValue(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
