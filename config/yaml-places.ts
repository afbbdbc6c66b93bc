import { isAlias, isDocument, isMap, isPair, isScalar, isSeq, visit, type Document, type Node } from 'yaml';
import type { Key } from './key-path';

/** A mistake at an offset in the document. */
export interface Mistake {
  offset: number;
  message: string;
}

/** Offset of the last of `keys` that the document has. */
export function offsetOf(
  document: Document,
  keys: readonly Key[],
  from: unknown = document.contents,
): number | undefined {
  const [key, ...rest] = keys;
  const node = isAlias(from) ? from.resolve(document) : from;
  if (key === undefined) return undefined;
  if (isMap(node)) {
    const pair = node.items.find((item) => keyOf(item) === String(key)) ?? mergedPair(document, node.items, key);
    return pair === undefined ? undefined : (offsetOf(document, rest, pair.value) ?? startOf(pair.key));
  }
  if (!isSeq(node)) return undefined;
  const item = node.items[Number(key)];
  return item === undefined ? undefined : (offsetOf(document, rest, item) ?? startOf(item));
}

interface Pair {
  key: unknown;
  value: unknown;
}

/** The pair of a key that comes from `<<`. */
function mergedPair(document: Document, items: readonly Pair[], key: Key): Pair | undefined {
  const merges = items.filter(({ key: name }) => isScalar(name) && name.source === '<<').map(({ value }) => value);
  const sources = merges.flatMap((value) => (isSeq(value) ? value.items : [value]));
  const maps = sources.map((source) => (isAlias(source) ? source.resolve(document) : source));
  return maps.flatMap((map) => (isMap(map) ? map.items : [])).find((item) => keyOf(item) === String(key));
}

/** The keys down to the key or value that starts at `offset`. */
export function keysAt(document: Document, offset: number): Key[] {
  let found: Key[] = [];
  visit(document, {
    Scalar(_role, node, ancestors) {
      if (node.range?.[0] !== offset) return undefined;
      found = ancestors.flatMap((ancestor, depth): Key[] => {
        if (isDocument(ancestor)) return [];
        if (isPair(ancestor)) return [keyOf(ancestor)];
        const child = ancestors[depth + 1] ?? node;
        return isSeq(ancestor) ? [ancestor.items.indexOf(child)] : [];
      });
      return visit.BREAK;
    },
  });
  return found;
}

function keyOf({ key }: { key: unknown }): string {
  return String(isScalar(key) ? key.value : key);
}

function startOf(node: unknown): number | undefined {
  return (node as Node | undefined)?.range?.[0];
}
