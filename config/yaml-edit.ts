import { isDeepStrictEqual } from 'node:util';
import {
  type CST,
  Document,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { isMap as isJsonMap } from '../mesh/json';
import { needsQuotes } from './yaml-scalars';

/**
 * YAML with another value. Only what differs between the two values is written: comments, order, quotes, anchors and
 * line ends elsewhere stay byte for byte. New keys and list items are written in one line.
 * Aliases of an anchored value change with it, so callers compare the result.
 * @param document - the text, parsed with its source tokens
 * @param before - the value of the document
 */
export function editedYaml(text: string, document: Document.Parsed, before: unknown, after: unknown): string {
  const editor = new Editor(text);
  editor.value(document.contents, before, after);
  return applied(text, editor.found);
}

interface Edit {
  start: number;
  end: number;
  text: string;
}

function applied(text: string, edits: readonly Edit[]): string {
  // Of two insertions at one place, the one that was found first comes first.
  const inOrder = [...edits].reverse().sort((a, b) => b.start - a.start || b.end - a.end);
  return inOrder.reduce((rest, { start, end, text: by }) => rest.slice(0, start) + by + rest.slice(end), text);
}

/** Finds the edits between a value in a document and another one. */
class Editor {
  readonly found: Edit[] = [];
  private readonly newline: string;

  constructor(private readonly text: string) {
    this.newline = text.includes('\r\n') ? '\r\n' : '\n';
  }

  value(node: unknown, before: unknown, after: unknown): void {
    if (isDeepStrictEqual(before, after)) return;
    if (isMap(node) && isJsonMap(before) && isJsonMap(after)) this.map(node, before, after);
    else if (isSeq(node) && Array.isArray(before) && Array.isArray(after)) this.list(node, before, after);
    else this.replace(node as Node, after);
  }

  private map(node: YAMLMap, before: Record<string, unknown>, after: Record<string, unknown>): void {
    const pairs = new Map(node.items.map((pair) => [keyOf(pair), pair]));
    const left = node.items.filter((pair) => keyOf(pair) === '<<' || keyOf(pair) in after);
    if (left.length === 0) {
      this.replace(node, after);
      return;
    }
    for (const [key, pair] of pairs) {
      if (key === '<<' || !(key in before)) continue;
      if (!(key in after)) this.removePair(node, pair);
      else if (pair.value === null && !isDeepStrictEqual(before[key], after[key]))
        this.put(endOf(pair.key), `: ${flowText(after[key])}`);
      else this.value(pair.value, before[key], after[key]);
    }
    // A key that only a merge gives is overridden.
    const added = Object.entries(after).filter(
      ([key, value]) => !pairs.has(key) && !isDeepStrictEqual(before[key], value),
    );
    if (added.length > 0) this.addPairs(node, added);
  }

  private list(node: YAMLSeq, before: readonly unknown[], after: readonly unknown[]): void {
    if (before.length === 0 || after.length === 0) {
      this.replace(node, after);
      return;
    }
    const [least, more] = [Math.min(before.length, after.length), after.length - before.length];
    let start = 0;
    while (start < least && isDeepStrictEqual(before[start], after[start])) start++;
    let end = 0;
    while (end < least - start && isDeepStrictEqual(before.at(-1 - end), after.at(-1 - end))) end++;
    const shared = least - start - end;
    for (let index = start; index < start + shared; index++) this.value(node.items[index], before[index], after[index]);
    if (more > 0) this.addItems(node, start + shared, after.slice(start + shared, after.length - end));
    for (let index = start + shared; index < before.length - end; index++) this.removeItem(node, index);
  }

  private replace(node: Node, after: unknown): void {
    const last = valueEnd(node, this.text);
    const isBlock = isCollection(node) && node.flow !== true;
    // A block begins in a line of its own; what replaces it stands behind the colon or dash.
    const start = isBlock ? this.text.slice(0, startOf(node)).trimEnd().length : startOf(node);
    const space = isBlock || (start === last && this.text[start - 1] === ':') ? ' ' : '';
    this.found.push({ start, end: Math.max(start, last), text: `${space}${flowText(after)}` });
  }

  private addPairs(map: YAMLMap, added: readonly [string, unknown][]): void {
    const pairs = added.map(([key, value]) => `${flowText(key)}: ${flowText(value)}`);
    const last = map.items.at(-1);
    if (map.flow === true) this.put(pairEnd(last, this.text), `, ${pairs.join(', ')}`);
    else this.addLines(pairEnd(last, this.text), this.indentOf(startOf(map.items[0]?.key)), pairs);
  }

  private addItems(list: YAMLSeq, index: number, added: readonly unknown[]): void {
    const items = added.map(flowText);
    const [next, previous] = [list.items[index], list.items[index - 1]];
    if (list.flow === true) {
      if (previous === undefined) this.put(startOf(next), `${items.join(', ')}, `);
      else this.put(valueEnd(previous, this.text), `, ${items.join(', ')}`);
    } else {
      const indent = this.indentOf(dashOf(list, 0));
      const lines = items.map((item) => `- ${item}`);
      if (next === undefined) this.addLines(valueEnd(previous, this.text), indent, lines);
      else this.put(this.above(dashOf(list, index)), lines.map((line) => indent + line + this.newline).join(''));
    }
  }

  /** The start of the line of an item, or of the comments above it. */
  private above(offset: number): number {
    let start = this.lineStart(offset);
    for (;;) {
      const previous = this.lineStart(Math.max(0, start - 1));
      if (previous === start || !/^\s*#/.test(this.text.slice(previous, start))) return start;
      start = previous;
    }
  }

  private addLines(after: number, indent: string, lines: readonly string[]): void {
    const end = this.lineEnd(after);
    this.put(end, lines.map((line) => this.newline + indent + line).join(''));
  }

  private removePair(map: YAMLMap, pair: Pair): void {
    const index = map.items.indexOf(pair);
    const starts = (at: number): number => startOf(map.items[at]?.key);
    if (map.flow === true)
      this.removeFromFlow(index, map.items.length, starts, (at) => pairEnd(map.items[at], this.text));
    else this.removeLines(starts(index), pairEnd(pair, this.text), map.items[index + 1] && starts(index + 1));
  }

  private removeItem(list: YAMLSeq, index: number): void {
    const starts = (at: number): number => startOf(list.items[at]);
    if (list.flow === true)
      this.removeFromFlow(index, list.items.length, starts, (at) => valueEnd(list.items[at], this.text));
    else this.removeLines(dashOf(list, index), valueEnd(list.items[index], this.text), undefined);
  }

  private removeFromFlow(
    index: number,
    count: number,
    starts: (at: number) => number,
    ends: (at: number) => number,
  ): void {
    if (index > 0) this.found.push({ start: ends(index - 1), end: ends(index), text: '' });
    else this.found.push({ start: starts(0), end: count > 1 ? starts(1) : ends(0), text: '' });
  }

  /** Removes whole lines; of an entry that shares its line with a dash, only the entry up to the next one. */
  private removeLines(start: number, end: number, next: number | undefined): void {
    const line = this.lineStart(start);
    if (/^\s*$/.test(this.text.slice(line, start))) {
      const last = this.text.indexOf('\n', this.lineEnd(end));
      // The last line may have no end; then the line break before it goes.
      if (last < 0) this.found.push({ start: Math.max(0, this.lineEnd(line - 1)), end: this.text.length, text: '' });
      else this.found.push({ start: line, end: last + 1, text: '' });
    } else this.found.push({ start, end: next ?? end, text: '' });
  }

  private put(at: number, text: string): void {
    this.found.push({ start: at, end: at, text });
  }

  private lineStart(offset: number): number {
    return offset <= 0 ? 0 : this.text.lastIndexOf('\n', offset - 1) + 1;
  }

  /** The end of a line, before its line break. */
  private lineEnd(offset: number): number {
    const end = this.text.indexOf('\n', offset);
    if (end < 0) return this.text.length;
    return this.text[end - 1] === '\r' ? end - 1 : end;
  }

  private indentOf(offset: number): string {
    return ' '.repeat(offset - this.lineStart(offset));
  }
}

/** A value in one line, with the quotes that Pulumi's YAML 1.1 needs. */
function flowText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  visit(document, {
    Collection: (_role, node) => {
      node.flow = true;
    },
    Scalar: (_role, scalar) => {
      if (typeof scalar.value !== 'string') return;
      const isMultiline = scalar.value.includes('\n');
      // A comma, bracket or colon ends a plain string inside of a flow collection.
      if (isMultiline || needsQuotes(scalar.value) || /[,[\]{}:#]/.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true }).trimEnd();
}

function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

function startOf(node: unknown): number {
  return (node as Node | undefined)?.range?.[0] ?? 0;
}

function endOf(node: unknown): number {
  return (node as Node | undefined)?.range?.[1] ?? 0;
}

function pairEnd(pair: Pair | undefined, text: string): number {
  return pair?.value === null || pair?.value === undefined ? endOf(pair?.key) : valueEnd(pair.value, text);
}

/** The end of a value's own characters: the last line of a block, without the break that ends it. */
function valueEnd(node: unknown, text: string): number {
  if (isMap(node) && node.flow !== true && node.items.length > 0) return pairEnd(node.items.at(-1), text);
  if (isSeq(node) && node.flow !== true && node.items.length > 0) return valueEnd(node.items.at(-1), text);
  const [start, end] = [startOf(node), endOf(node)];
  return start + text.slice(start, end).trimEnd().length;
}

/** The offset of the dash of an item of a block list. */
function dashOf(list: YAMLSeq, index: number): number {
  const token = list.srcToken as CST.BlockSequence | undefined;
  const items = token?.items.filter(({ value, start }) => value !== undefined || start.length > 0) ?? [];
  return items[index]?.start.find(({ type }) => type === 'seq-item-ind')?.offset ?? startOf(list.items[index]);
}
