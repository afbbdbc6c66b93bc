import type { Key } from './key-path';
import { secretValue } from './problem';

/** `value` with {@link secretValue} in place of each encrypted value (`secure: …`, as `pulumi config set --secret --path` writes it), and where those are. */
export function withoutCiphertext(value: unknown, keys: Key[] = []): { value: unknown; encrypted: Key[][] } {
  if (typeof value !== 'object' || value === null) return { value, encrypted: [] };
  if (isCiphertext(value)) return { value: secretValue, encrypted: [keys] };
  const entries = Object.entries(value).map(([key, item]): [string, ReturnType<typeof withoutCiphertext>] => [
    key,
    withoutCiphertext(item, [...keys, Array.isArray(value) ? Number(key) : key]),
  ]);
  const encrypted = entries.flatMap(([, item]) => item.encrypted);
  const plain = entries.map(([key, item]): [string, unknown] => [key, item.value]);
  return { value: Array.isArray(value) ? plain.map(([, item]) => item) : Object.fromEntries(plain), encrypted };
}

function isCiphertext(value: object): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && keys[0] === 'secure' && typeof (value as { secure: unknown }).secure === 'string';
}
