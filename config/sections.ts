import { nearest } from '../policy/nearest';
import { configNamespace } from './key-path';

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
