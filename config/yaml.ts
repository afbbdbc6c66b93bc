import {
  isAlias,
  isCollection,
  isDocument,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type DocumentOptions,
  type Node,
  type ParseOptions,
  type ScalarTag,
  type SchemaOptions,
} from 'yaml';
import type { Key } from './key-path';
import type { Position } from './problem';

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

interface Mistake {
  offset: number;
  message: string;
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

const date = /^\d{4}-\d{1,2}-\d{1,2}([Tt ].*)?$/;
const otherNames = /^(~|null|true|false|[-+]?\.inf|\.nan)$/i;

/**
 * Plain scalars that Pulumi reads as YAML 1.1, and so differently: the weight 010 would be 8, the label 2020-01-01 a
 * time with a zone, the key 1.10 would be 1.1. This concerns only what is below a section, since Pulumi takes the
 * values directly under `config:` as written.
 */
function ambiguousScalars(document: Document): Mistake[] {
  const found: Mistake[] = [];
  visit(document, {
    Scalar(role, { type, source, range }, ancestors) {
      if (type !== 'PLAIN' || source === undefined) return;
      if (!(role === 'key' ? isOtherKey(source) : isOtherValue(source))) return;
      if (ancestors.filter(isPair).length < 3) return;
      const message = `Pulumi reads ${source} as a date, or as a number in the notation of YAML 1.1; put it in quotes, or write the number that you mean`;
      found.push({ offset: range?.[0] ?? 0, message });
    },
  });
  return found;
}

/** Whether a string must be in quotes in a stack file, as a key or a value, for Pulumi to read it as it is. */
export function needsQuotes(text: string): boolean {
  return isOtherValue(text) || isOtherKey(text);
}

function isOtherValue(text: string): boolean {
  return date.test(text) || (numberOf(text) !== undefined && (text.includes('_') || /^[-+]?0(b|\d+$)/.test(text)));
}

/** Pulumi parses keys like values, and formats them again. */
function isOtherKey(text: string): boolean {
  const number = numberOf(text);
  if (number !== undefined) return String(number) !== text;
  return date.test(text) || (otherNames.test(text) && text !== 'true' && text !== 'false');
}

function numberOf(text: string): number | undefined {
  const number = /^[-+.]?\d/.test(text) ? Number(text.replaceAll('_', '')) : NaN;
  return Number.isFinite(number) ? number : undefined;
}

/**
 * The plain scalars that are not strings for kubectl: its parser (sigs.k8s.io/yaml) reads YAML 1.1, but not its dates
 * and base-60 numbers.
 */
const kubernetesScalars: ScalarTag[] = [
  scalar('null', /^(?:~|null|Null|NULL)?$/, () => null),
  scalar('bool', /^(?:y|Y|yes|Yes|YES|true|True|TRUE|on|On|ON)$/, () => true),
  scalar('bool', /^(?:n|N|no|No|NO|false|False|FALSE|off|Off|OFF)$/, () => false),
  scalar('int', /^[-+]?0[bB][01_]+$/, (digits, sign) => sign * parseInt(digits.slice(2), 2)),
  scalar('int', /^[-+]?0[oO][0-7_]+$/, (digits, sign) => sign * parseInt(digits.slice(2), 8)),
  scalar('int', /^[-+]?0[xX][\da-fA-F_]+$/, (digits, sign) => sign * parseInt(digits.slice(2), 16)),
  scalar('int', /^[-+]?0[0-7_]+$/, (digits, sign) => sign * parseInt(digits, 8)),
  scalar('int', /^[-+]?(?:0|[1-9][\d_]*)$/, (digits, sign) => sign * Number(digits)),
  scalar(
    'float',
    /^[-+]?(?:\.\d[\d_]*|\d[\d_]*(?:\.[\d_]*)?)(?:[eE][-+]?\d+)?$/,
    (digits, sign) => sign * Number(digits),
  ),
  { tag: 'tag:yaml.org,2002:timestamp', resolve: (text: string) => text },
];

function scalar(name: string, test: RegExp, read: (digits: string, sign: number) => unknown): ScalarTag {
  return {
    tag: `tag:yaml.org,2002:${name}`,
    default: true,
    test,
    resolve: (text) => read(text.replace(/^[-+]/, '').replaceAll('_', ''), text.startsWith('-') ? -1 : 1),
  };
}

/** Offset of the last of `keys` that the document has. */
function offsetOf(document: Document, keys: readonly Key[], from: unknown = document.contents): number | undefined {
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
function keysAt(document: Document, offset: number): Key[] {
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
