import {
  type Document,
  isAlias,
  isDocument,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml';
import type { Key } from './key-path';
import type { Position } from './problem';

/** A mistake in the text itself, whatever it is meant to say. */
export interface YamlProblem extends Position {
  message: string;
  /** Where in the document, for a mistake that leaves the rest readable. */
  keys?: Key[];
}

export interface YamlDocument {
  /** undefined for text that cannot be read, or that is empty. */
  value: unknown;
  problems: YamlProblem[];
  /** The place of the last of `keys` that is in the document. */
  position: (keys: readonly Key[]) => Position | undefined;
}

/** One YAML 1.2 document, or JSON. Keys are strings, as written; `<<` merges, as in Pulumi. Never throws. */
export function readYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const options = { lineCounter: lines, merge: true, prettyErrors: false, stringKeys: true };
  try {
    const [document, second]: Document[] = [...parseAllDocuments(text, options)];
    if (document === undefined) return unreadable([]);
    const mistakes = [...document.errors, ...document.warnings].filter(({ code }) => code !== 'DUPLICATE_KEY');
    if (mistakes.length > 0)
      return unreadable(mistakes.map(({ message, pos }) => ({ message: lowerFirst(message), ...at(pos[0]) })));
    if (second !== undefined)
      return unreadable([
        { message: 'there are several documents in the file; a stack file is one', ...at(second.range?.[0] ?? 0) },
      ]);
    const endless = cycles(document);
    if (endless.length > 0) return unreadable(endless.map(({ offset, message }) => ({ message, ...at(offset) })));
    const repeated = document.errors.map(({ pos }) => ({
      offset: pos[0],
      message: 'the key is there twice; keep one of them',
    }));
    const problems = [...repeated, ...ambiguousScalars(document)].map(({ offset, message }): YamlProblem => {
      return { message, keys: keysAt(document, offset), ...at(offset) };
    });
    const position = (keys: readonly Key[]): Position | undefined => {
      const offset = offsetOf(document, keys);
      return offset === undefined ? undefined : at(offset);
    };
    return { value: document.toJS(), problems, position };
  } catch (error) {
    // Aliases without an anchor, or so many that the text must be an attack.
    return unreadable([
      { message: lowerFirst(error instanceof Error ? error.message : String(error)), line: 1, column: 1 },
    ]);
  }
}

function unreadable(problems: YamlProblem[]): YamlDocument {
  return { value: undefined, problems, position: () => undefined };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

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

const date = /^\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$/;
const otherNames = /^(~|null|true|false|[-+]?\.inf|\.nan)$/i;

/**
 * Plain scalars that Pulumi's YAML reader, which knows YAML 1.1 too, takes for something else than YAML 1.2 says: a weight 010 would be 8, a label 2020-01-01 a moment with a
 * time zone, a key 1.10 would be 1.1. Only below a section, for the values of `config:` itself are taken as they are written.
 */
export function ambiguousScalars(document: Document): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Scalar(role, { type, source, range }, ancestors) {
      if (type !== 'PLAIN' || source === undefined || ancestors.filter(isPair).length < 3) return;
      if (!(role === 'key' ? isOtherKey(source) : isOtherValue(source))) return;
      const message = `Pulumi would read ${source} as something else (a date, or a number in the notation of YAML 1.1); put it in quotes, or write what is meant`;
      found.push({ offset: range?.[0] ?? 0, message });
    },
  });
  return found;
}

function isOtherValue(text: string): boolean {
  return date.test(text) || (numberOf(text) !== undefined && (text.includes('_') || /^[-+]?0(b|\d+$)/.test(text)));
}

/** Pulumi reads keys as values, and writes them out anew. */
function isOtherKey(text: string): boolean {
  const number = numberOf(text);
  if (number !== undefined) return String(number) !== text;
  return date.test(text) || (otherNames.test(text) && text !== 'true' && text !== 'false');
}

function numberOf(text: string): number | undefined {
  const number = /^[-+.]?\d/.test(text) ? Number(text.replaceAll('_', '')) : NaN;
  return Number.isFinite(number) ? number : undefined;
}

/** Aliases that stand inside of what they stand for. YAML allows them, but a value without an end is of no use to anybody here. */
export function cycles(document: Document): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = [];
  visit(document, {
    Alias(_role, alias, ancestors) {
      const node = alias.resolve(document);
      if (node === undefined || !ancestors.includes(node)) return;
      const message = `*${alias.source} stands inside of &${alias.source}, which would have no end; write out what is meant`;
      found.push({ offset: alias.range?.[0] ?? 0, message });
    },
  });
  return found;
}
