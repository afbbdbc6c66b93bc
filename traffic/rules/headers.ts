import { asMap, asTextMap, asTexts } from '../../model/json';
import type { HeaderChanges, HeaderOperations } from '../outcome';

/** Header operations of a rule or destination, and the Host header that they set; other pseudo-headers cannot be changed and are left out. */
export function headerOperations(value: unknown): {
  operations: HeaderOperations | undefined;
  authority: string | undefined;
} {
  const { request, response } = asMap(value);
  const operations = pruned({ request: headerChanges(request), response: headerChanges(response) });
  return { operations, authority: authorityOf(asMap(request)['set']) ?? authorityOf(asMap(request)['add']) };
}

/** Headers after the operations of a rule, as {@link HeaderChanges} apply: removals, then values. Names in lower case. */
export function applyHeaderChanges(
  headers: Record<string, string>,
  changes: HeaderChanges | undefined,
): Record<string, string> {
  const after = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  for (const name of changes?.remove ?? []) after.delete(name.toLowerCase());
  for (const [name, value] of Object.entries(changes?.set ?? {})) after.set(name.toLowerCase(), value);
  for (const [name, value] of Object.entries(changes?.add ?? {})) {
    const present = after.get(name.toLowerCase());
    after.set(name.toLowerCase(), present === undefined ? value : `${present},${value}`);
  }
  return Object.fromEntries(after);
}

function headerChanges(value: unknown): HeaderChanges | undefined {
  const { set, add, remove } = asMap(value);
  return pruned({
    set: pruned(withoutInternal(asTextMap(set))),
    add: pruned(withoutInternal(asTextMap(add))),
    remove: listed(asTexts(remove).filter((name) => !isInternal(name))),
  });
}

function withoutInternal(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isInternal(name)));
}

function isInternal(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}

function authorityOf(value: unknown): string | undefined {
  const entry = Object.entries(asTextMap(value)).find(([name]) => [':authority', 'host'].includes(name.toLowerCase()));
  return entry?.[1];
}

function listed<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** A map without undefined values; undefined when nothing is left. */
function pruned<T extends object>(map: T): { [K in keyof T]: Exclude<T[K], undefined> } | undefined {
  const kept = Object.entries(map).filter(([, value]) => value !== undefined);
  return kept.length === 0 ? undefined : (Object.fromEntries(kept) as { [K in keyof T]: Exclude<T[K], undefined> });
}
