import { isDeepStrictEqual } from 'node:util';
import {
  isCollection,
  isMap,
  isSeq,
  Document,
  parseDocument,
  visit,
  type Node,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { isMap as isJsonMap } from '../mesh/json';
import { configNamespace, type Key, keyPath, valueAt } from './key-path';
import { sectionName } from './pulumi-config-values';
import { needsQuotes } from './yaml-scalars';
import { dashOf, endOf, keyOf, pairEnd, startOf, valueEnd } from './yaml-extents';

/** The text of a stack file cannot be edited without a change to something else. */
export class EditError extends Error {}

const options = { merge: true, prettyErrors: false, stringKeys: true, keepSourceTokens: true } as const;

interface Edit {
  start: number;
  end: number;
  text: string;
}

/**
 * The value at a key of a stack file, as it is written: weights keep `rest`. undefined where there is none.
 * @param keys - from the section down
 */
export function stackValue(text: string, keys: readonly Key[]): unknown {
  return valueAt(rootOf(text), fileKeys(text, keys));
}

/** The keys of a route, `namespace/service`, from the section down. */
export function routeKeys(route: string, section = 'routes'): Key[] {
  return [section, ...route.split('/')];
}

/**
 * The text of a stack file with another value at a key. Only what differs between the two values is written: comments,
 * order, quotes, anchors and line ends elsewhere stay byte for byte. New keys and list items are written in one line.
 * @param keys - from the section down
 * @param wanted - undefined to remove the key
 * @throws EditError when the edit would change anything else, such as the other uses of an anchor
 */
export function setStackValue(text: string, keys: readonly Key[], wanted: unknown): string {
  const path = fileKeys(text, keys);
  const before = rootOf(text);
  const expected = replaced(before, path, wanted);
  if (isDeepStrictEqual(before, expected)) return text;
  const edited = applied(text, new Editor(text).edits(path, before, expected));
  let after: unknown;
  try {
    after = rootOf(edited);
  } catch {
    after = undefined;
  }
  if (isDeepStrictEqual(after, expected)) return edited;
  throw new EditError(
    `${keyPath(keys)} cannot be changed alone: it is shared by an anchor or merged with <<, or is not plain YAML; write the value out there`,
  );
}

/** The file that was read last, and its values: many routes are read from one text. */
let latest: { text: string; document: Document.Parsed; root?: { value: unknown } } | undefined;

function read(text: string): NonNullable<typeof latest> {
  if (latest?.text !== text) latest = { text, document: parseDocument(text, options) };
  return latest;
}

/** The values are shared by all readers, and must not be changed. */
function rootOf(text: string): unknown {
  const file = read(text);
  const [error] = file.document.errors;
  if (error !== undefined) throw new EditError(`the file is not valid YAML: ${error.message}`);
  file.root ??= { value: file.document.toJS() };
  return file.root.value;
}

/** Keys from the top of the file down: a section may be written without its namespace. */
function fileKeys(text: string, [section = '', ...below]: readonly Key[]): Key[] {
  const config = valueAt(rootOf(text), ['config']);
  const written = isJsonMap(config)
    ? Object.keys(config).find((key) => sectionName(key) === String(section))
    : undefined;
  const key = written ?? `${configNamespace}:${section}`;
  if (typeof valueAt(config, [key]) === 'string')
    throw new EditError(
      `${key} is a string of JSON, as \`pulumi config set\` without --path writes it; write it as YAML`,
    );
  return ['config', key, ...below];
}

/** A copy of plain data with another value at a place; maps on the way are created. */
function replaced(root: unknown, [key, ...below]: readonly Key[], wanted: unknown): unknown {
  if (key === undefined) return wanted;
  if (Array.isArray(root)) {
    const list = [...(root as unknown[])];
    if (below.length === 0 && wanted === undefined) list.splice(Number(key), 1);
    else list[Number(key)] = replaced(list[Number(key)], below, wanted);
    return list;
  }
  const { [key]: own, ...others } = (isJsonMap(root) ? root : {}) as Record<string, unknown>;
  const value = replaced(own, below, wanted);
  if (value === undefined) return others;
  // Rebuilt in the same order.
  return isJsonMap(root) && key in root ? { ...root, [key]: value } : { ...others, [key]: value };
}

function applied(text: string, edits: readonly Edit[]): string {
  // Of two insertions at one place, the one that was found first comes first.
  const inOrder = [...edits].reverse().sort((a, b) => b.start - a.start || b.end - a.end);
  return inOrder.reduce((rest, { start, end, text: by }) => rest.slice(0, start) + by + rest.slice(end), text);
}

/** Finds the edits between a value in a document and another one. */
class Editor {
  private readonly document: Document.Parsed;
  private readonly newline: string;
  private found: Edit[] = [];

  constructor(private readonly text: string) {
    ({ document: this.document } = read(text));
    this.newline = text.includes('\r\n') ? '\r\n' : '\n';
  }

  /** @param path - the only place where the two values differ */
  edits(path: readonly Key[], before: unknown, after: unknown): Edit[] {
    this.found = [];
    this.value(this.document.contents, before, after);
    if (path.length === 0) throw new EditError('the whole file cannot be replaced');
    return this.found;
  }

  private value(node: unknown, before: unknown, after: unknown): void {
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
