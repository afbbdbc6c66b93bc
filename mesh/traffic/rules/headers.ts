import { asMap, asStringMap, asStrings } from '../../json';
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

/**
 * The operations of a rule and of one of its destinations, in Envoy's order. If there are several destinations, each
 * has its own list, which comes before the rule's. The operations of a single destination are appended to the rule's
 * list, in which all removals come first (istio pilot/pkg/networking/core/route/route.go, processDestination).
 */
export function orderedOperations(
  rule: HeaderOperations | undefined,
  destination: HeaderOperations | undefined,
  several: boolean,
): HeaderOperations[] | undefined {
  const both = several ? [destination, rule] : [removals(rule, destination), additions(rule), additions(destination)];
  return listed(both.filter((operations) => operations !== undefined));
}

/** Headers after some operations. Names are in lower case; an added value follows the existing one after a comma. */
export function changedHeaders(
  headers: Record<string, string>,
  operations: readonly (HeaderChanges | undefined)[],
): Record<string, string> {
  const after = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  for (const { remove = [], set = {}, add = {} } of operations.filter((changes) => changes !== undefined)) {
    for (const name of remove) after.delete(name.toLowerCase());
    for (const [name, value] of Object.entries(set)) after.set(name.toLowerCase(), value);
    for (const [name, value] of Object.entries(add)) {
      const present = after.get(name.toLowerCase());
      after.set(name.toLowerCase(), present === undefined ? value : `${present}, ${value}`);
    }
  }
  return Object.fromEntries(after);
}

function removals(...all: (HeaderOperations | undefined)[]): HeaderOperations | undefined {
  const removed = (side: 'request' | 'response'): string[] | undefined =>
    listed([...new Set(all.flatMap((operations) => operations?.[side]?.remove ?? []))]);
  const [request, response] = [removed('request'), removed('response')];
  return pruned({ request: request && { remove: request }, response: response && { remove: response } });
}

function additions(operations: HeaderOperations | undefined): HeaderOperations | undefined {
  const added = (changes: HeaderChanges | undefined): HeaderChanges | undefined =>
    pruned({ set: changes?.set, add: changes?.add });
  return pruned({ request: added(operations?.request), response: added(operations?.response) });
}

function headerChanges(value: unknown): HeaderChanges | undefined {
  const { set, add, remove } = asMap(value);
  return pruned({
    set: pruned(withoutInternal(asStringMap(set))),
    add: pruned(withoutInternal(asStringMap(add))),
    remove: listed(asStrings(remove).filter((name) => !isInternal(name))),
  });
}

function withoutInternal(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !isInternal(name)));
}

function isInternal(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}

function authorityOf(value: unknown): string | undefined {
  const entry = Object.entries(asStringMap(value)).find(([name]) =>
    [':authority', 'host'].includes(name.toLowerCase()),
  );
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
