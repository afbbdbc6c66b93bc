import type { Key } from './key-path';
import { secretValue } from './problem';

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
