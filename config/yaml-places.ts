import { isAlias, isDocument, isMap, isPair, isScalar, isSeq, visit, type Document, type Node } from 'yaml';
import type { Key } from './key-path';

/** Offset of the last of `keys` that is in the document. */
export function offsetOf(
  document: Document,
  keys: readonly Key[],
  from: unknown = document.contents,
): number | undefined {
  const [key, ...rest] = keys;
  const node = isAlias(from) ? from.resolve(document) : from;
  if (key === undefined) return undefined;
  if (isMap(node)) {
    const pair = node.items.find((item) => keyOf(item) === String(key));
    return pair === undefined ? undefined : (offsetOf(document, rest, pair.value) ?? startOf(pair.key));
  }
  if (!isSeq(node)) return undefined;
  const item = node.items[Number(key)];
  return item === undefined ? undefined : (offsetOf(document, rest, item) ?? startOf(item));
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
