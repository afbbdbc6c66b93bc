import {
  isCollection,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type DocumentOptions,
  type ParseOptions,
  type SchemaOptions,
} from 'yaml';
import type { Key } from './key-path';
import type { Position } from './problem';
import { keysAt, type Mistake, offsetOf } from './yaml-places';
import { ambiguousScalars, kubernetesScalars } from './yaml-scalars';

/** A mistake in the YAML, independent of the document's meaning. */
export interface YamlProblem extends Position {
  message: string;
  /** Keys down to the mistake, if the rest of the document can be read. */
  keys?: Key[];
}

export interface YamlDocument {
  /** undefined for a document that is empty or cannot be read. */
  value: unknown;
  problems: YamlProblem[];
  /** The position of the last of `keys` that the document has. */
  position: (keys: readonly Key[]) => Position | undefined;
}

/** A document of a stream, see {@link readKubernetesYaml}. */
export interface StreamDocument extends YamlDocument {
  /** Line of the document's first key or value. */
  line: number;
  /** Whether a key is a map or list, as `{{ .Values.name }}` in a template is. */
  hasTemplateKeys: boolean;
}

/** One YAML 1.2 document or JSON, as Pulumi reads a stack file: keys are strings as written, and `<<` merges. Never throws. */
export function readYaml(text: string): YamlDocument {
  const lines = new LineCounter();
  const options = { lineCounter: lines, merge: true, prettyErrors: false, stringKeys: true };
  return withoutThrowing(() => {
    const [document, second]: Document[] = [...parseAllDocuments(text, options)];
    if (document === undefined) return unreadable([]);
    const problems = syntaxProblems(document, lines);
    if (problems.length > 0) return unreadable(problems);
    if (second !== undefined) {
      const place = position(lines, second.range?.[0] ?? 0);
      return unreadable([{ message: 'a stack file is one document, and this file has several', ...place }]);
    }
    const mistakes = [...repeatedKeys(document, lines), ...ambiguousScalars(document)];
    return {
      value: document.toJS(),
      problems: mistakes.map(({ offset, message }) => {
        return { message, keys: keysAt(document, offset), ...position(lines, offset) };
      }),
      position: positionIn(document, lines),
    };
  });
}

/** All documents of YAML or JSON, as kubectl reads them: by the scalars of YAML 1.1, with merge keys. A repeated key is a problem. Never throws. */
export function readKubernetesYaml(text: string): StreamDocument[] {
  const lines = new LineCounter();
  const options = {
    lineCounter: lines,
    merge: true,
    prettyErrors: false,
    schema: 'failsafe',
    customTags: kubernetesScalars,
  };
  let documents: Document[];
  try {
    documents = parseLenient(text, options);
  } catch (error) {
    return [{ ...unreadable([thrown(error)]), line: 1, hasTemplateKeys: false }];
  }
  return documents.map((document) => {
    const line = position(lines, document.contents?.range?.[0] ?? 0).line;
    const keyOffset = collectionKey(document);
    const hasTemplateKeys = keyOffset !== undefined;
    const read = withoutThrowing((): YamlDocument => {
      const problems = syntaxProblems(document, lines);
      if (problems.length > 0) return unreadable(problems);
      if (keyOffset !== undefined) {
        return unreadable([{ message: 'a key must be a string or number', ...position(lines, keyOffset) }]);
      }
      const repeated = repeatedKeys(document, lines);
      if (repeated.length > 0) {
        return unreadable(repeated.map(({ offset, message }) => ({ message, ...position(lines, offset) })));
      }
      return { value: document.toJS(), problems: [], position: positionIn(document, lines) };
    });
    return { ...read, line, hasTemplateKeys };
  });
}

/** How often lines of quoted strings are indented before a text counts as broken. */
const indentPasses = 20;

/**
 * Parses as kubectl's parser does, which lets a quoted string go on in a line that is not indented: such lines are indented, which changes neither the string nor the
 * numbers of the lines.
 */
function parseLenient(text: string, options: ParseOptions & DocumentOptions & SchemaOptions): Document[] {
  const parse = (one: string): Document[] => [
    ...parseAllDocuments(one, { ...options, lineCounter: newCounter(options) }),
  ];
  let documents = parse(text);
  let mended = text;
  for (let pass = 0; pass < indentPasses; pass++) {
    const ends = documents.flatMap(({ errors }) =>
      errors
        .filter(({ code, message }) => code === 'MISSING_CHAR' && /closing ['"]quote/.test(message))
        .map(({ pos }) => pos[0]),
    );
    if (ends.length === 0) return documents;
    mended = indentedAfter(mended, ends);
    documents = parse(mended);
  }
  return parse(text);
}

/** The counter of the last parse holds; positions of earlier ones are forgotten. */
function newCounter({ lineCounter }: ParseOptions): LineCounter {
  const counter = lineCounter ?? new LineCounter();
  counter.lineStarts.length = 0;
  return counter;
}

/** Deeper than any map of a manifest. */
const deepIndent = ' '.repeat(200);

function indentedAfter(text: string, ends: readonly number[]): string {
  const breaks = [...new Set(ends.map((end) => text.indexOf('\n', end)))].filter((at) => at >= 0).sort((a, b) => a - b);
  const parts = breaks.map((at, index) => text.slice(index === 0 ? 0 : (breaks[index - 1] ?? 0) + 1, at + 1));
  return [...parts, text.slice((breaks.at(-1) ?? -1) + 1)].join(deepIndent);
}

/** The text of a file: UTF-8, or UTF-16 as Windows PowerShell writes it; undefined for bytes that are neither. */
export function decodeText(bytes: Uint8Array): string | undefined {
  const [first = -1, second = -1] = bytes;
  const isBigEndian = (first === 0xfe && second === 0xff) || (first === 0 && second > 0);
  const isLittleEndian = (first === 0xff && second === 0xfe) || (first > 0 && second === 0);
  const encoding = isBigEndian ? 'utf-16be' : isLittleEndian ? 'utf-16le' : 'utf-8';
  try {
    // A byte order mark at the start is removed.
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function withoutThrowing(read: () => YamlDocument): YamlDocument {
  try {
    return read();
  } catch (error) {
    return unreadable([thrown(error)]);
  }
}

/** The library throws for an alias without an anchor, and for so many aliases that they look like an attack. */
function thrown(error: unknown): YamlProblem {
  return { message: lowerFirst(error instanceof Error ? error.message : String(error)), line: 1, column: 1 };
}

function unreadable(problems: YamlProblem[]): YamlDocument {
  return { value: undefined, problems, position: () => undefined };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function position(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

function positionIn(document: Document, lines: LineCounter): YamlDocument['position'] {
  return (keys) => {
    const offset = offsetOf(document, keys);
    return offset === undefined ? undefined : position(lines, offset);
  };
}

/** Why a document cannot be read at all. */
function syntaxProblems(document: Document, lines: LineCounter): YamlProblem[] {
  const mistakes = [...document.errors, ...document.warnings].filter(({ code }) => code !== 'DUPLICATE_KEY');
  const problems = mistakes.map(({ message, pos }) => ({ message: lowerFirst(message), ...position(lines, pos[0]) }));
  if (problems.length > 0) return problems;
  return uselessAliases(document).map(({ offset, message }) => ({ message, ...position(lines, offset) }));
}

function repeatedKeys(document: Document, lines: LineCounter): Mistake[] {
  return document.errors
    .filter(({ code }) => code === 'DUPLICATE_KEY')
    .map(({ pos: [offset] }) => {
      const first = offsetOf(document, keysAt(document, offset));
      const place = first === undefined ? '' : ` (first at line ${position(lines, first).line})`;
      return { offset, message: `duplicate key${place}; keep one of them` };
    });
}

/**
 * Aliases without an anchor, and aliases inside their own anchor: YAML allows the latter, but no finite value can
 * contain itself.
 */
function uselessAliases(document: Document): Mistake[] {
  const found: Mistake[] = [];
  visit(document, {
    Alias(_role, alias, ancestors) {
      const node = alias.resolve(document);
      if (node !== undefined && !ancestors.includes(node)) return;
      const message =
        node === undefined
          ? `alias *${alias.source} has no anchor before it; write the value out, or set the anchor &${alias.source}`
          : `alias *${alias.source} refers to an anchor that contains it; write the value out instead`;
      found.push({ offset: alias.range?.[0] ?? 0, message });
    },
  });
  return found;
}

/** Offset of the first map or list that is used as a key. */
function collectionKey(document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Pair(_role, { key }) {
      if (!isCollection(key)) return undefined;
      found = key.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return found;
}
