import { isMap, isScalar, isSeq, type CST, type Node, type Pair, type YAMLSeq } from 'yaml';

/** Where the parts of a YAML document are in its text. */

export function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

export function startOf(node: unknown): number {
  return (node as Node | undefined)?.range?.[0] ?? 0;
}

export function endOf(node: unknown): number {
  return (node as Node | undefined)?.range?.[1] ?? 0;
}

export function pairEnd(pair: Pair | undefined, text: string): number {
  return pair?.value === null || pair?.value === undefined ? endOf(pair?.key) : valueEnd(pair.value, text);
}

/** The end of a value's own characters: the last line of a block, without the break that ends it. */
export function valueEnd(node: unknown, text: string): number {
  if (isMap(node) && node.flow !== true && node.items.length > 0) return pairEnd(node.items.at(-1), text);
  if (isSeq(node) && node.flow !== true && node.items.length > 0) return valueEnd(node.items.at(-1), text);
  const [start, end] = [startOf(node), endOf(node)];
  return start + text.slice(start, end).trimEnd().length;
}

/** The offset of the dash of an item of a block list. */
export function dashOf(list: YAMLSeq, index: number): number {
  const token = list.srcToken as CST.BlockSequence | undefined;
  const items = token?.items.filter(({ value, start }) => value !== undefined || start.length > 0) ?? [];
  return items[index]?.start.find(({ type }) => type === 'seq-item-ind')?.offset ?? startOf(list.items[index]);
}
