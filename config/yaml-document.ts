import { LineCounter, parseAllDocuments, type Document } from 'yaml';
import type { Key } from './key-path';
import type { Position } from './source';
import { ambiguousScalars } from './yaml-ambiguity';
import { cycles } from './yaml-cycles';
import { keysAt, offsetOf } from './yaml-places';

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
