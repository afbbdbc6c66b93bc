import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml';
import type { Key } from './key-path';
import type { Position } from './source';

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
  const failed = (problems: YamlProblem[]): YamlDocument => ({ value: undefined, problems, position: () => undefined });
  try {
    const documents: Document[] = [
      ...parseAllDocuments(text, { lineCounter: lines, merge: true, prettyErrors: false, stringKeys: true }),
    ];
    const [document, second] = documents;
    if (document === undefined) return failed([]);
    const mistakes = [...document.errors, ...document.warnings];
    const broken = mistakes.filter(({ code }) => code !== 'DUPLICATE_KEY');
    if (broken.length > 0)
      return failed(broken.map(({ message, pos }) => ({ message: lowerFirst(message), ...at(pos[0]) })));
    if (second !== undefined) {
      const message = 'there are several documents in the file; a stack file is one';
      return failed([{ message, ...at(second.range?.[0] ?? 0) }]);
    }
    const repeated = document.errors.map(({ pos }): YamlProblem => {
      const keys = keysAt(document, document.contents, pos[0]) ?? [];
      return { message: 'the key is there twice; keep one of them', keys, ...at(pos[0]) };
    });
    const position = (keys: readonly Key[]): Position | undefined => {
      const offset = offsetOf(document, document.contents, keys);
      return offset === undefined ? undefined : at(offset);
    };
    return { value: document.toJS(), problems: repeated, position };
  } catch (error) {
    // Aliases without an anchor, or so many that the text must be an attack.
    return failed([
      { message: lowerFirst(error instanceof Error ? error.message : String(error)), line: 1, column: 1 },
    ]);
  }
}

function offsetOf(document: Document, node: unknown, keys: readonly Key[]): number | undefined {
  const [key, ...rest] = keys;
  const here = isAlias(node) ? node.resolve(document) : node;
  if (key === undefined) return undefined;
  if (isMap(here)) {
    const pair = here.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
    return pair === undefined ? undefined : (offsetOf(document, pair.value, rest) ?? startOf(pair.key));
  }
  if (!isSeq(here)) return undefined;
  const item = here.items[Number(key)];
  return item === undefined ? undefined : (offsetOf(document, item, rest) ?? startOf(item));
}

function startOf(node: unknown): number | undefined {
  return (node as Node | undefined)?.range?.[0];
}

/** The keys down to the key that starts at `offset`. */
function keysAt(document: Document, node: unknown, offset: number): Key[] | undefined {
  const children: [Key, unknown, unknown][] = isMap(node)
    ? node.items.map(({ key, value }) => [String(isScalar(key) ? key.value : key), key, value])
    : isSeq(node)
      ? node.items.map((item, index) => [index, item, item])
      : [];
  for (const [key, start, child] of children) {
    if (startOf(start) === offset && isMap(node)) return [key];
    const below = keysAt(document, child, offset);
    if (below !== undefined) return [key, ...below];
  }
  return undefined;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
