import { readFileSync } from 'node:fs';
import { LineCounter, parseAllDocuments, type Document, type Node } from 'yaml';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { parseKeyPath, type Key } from '../config/key-path';
import { cycles } from '../config/yaml';
import { userError, UserError } from './errors';

/** A Kubernetes object and the file it was read from. */
export interface LoadedObject {
  object: KubernetesObject;
  /** The file as it was named, `stdin` for `-`. */
  file: string;
  /** 1-based index of the document in its file. */
  document: number;
  /** The line in the file, from 1, of what a path in the object names, e.g. `spec.http[0]`, or of what is nearest to it. */
  line: (path: string) => number;
}

/**
 * Objects from files of YAML or JSON: several documents to a file, Lists unpacked, `-` for stdin.
 * @param read - how to get a file's text
 * @throws UserError naming every file that cannot be read and every document that is no Kubernetes object.
 */
export function readObjects(files: string[], read: (file: string) => string = readText): LoadedObject[] {
  const problems: string[] = [];
  const objects = files.flatMap((file) => {
    const name = file === '-' ? 'stdin' : file;
    try {
      return objectsOf(name, read(file), problems);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      problems.push(`${name}: cannot be read: ${error.message}`);
      return [];
    }
  });
  if (problems.length > 0) throw userError('Broken input, nothing was judged:', problems);
  if (objects.length === 0) throw new UserError(`No Kubernetes object in ${files.join(', ')}.`);
  return objects;
}

function readText(file: string): string {
  return readFileSync(file === '-' ? 0 : file, 'utf8');
}

function objectsOf(file: string, text: string, problems: string[]): LoadedObject[] {
  // JSON is YAML, so one parser reads both.
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { uniqueKeys: true, lineCounter }) as Document[];
  return documents.flatMap((document, index) => {
    const at = `${file}${documents.length > 1 ? `, document ${index + 1}` : ''}`;
    const mistakes = document.errors.length > 0 ? document.errors : cycles(document);
    if (mistakes.length > 0) {
      problems.push(...mistakes.map(({ message }) => `${at}: ${firstLine(message)}`));
      return [];
    }
    return unpacked(document.toJS() as unknown).flatMap(({ value, keys }) => {
      const reason = whyNoObject(value);
      const line = (path: string): number => lineOf(document, lineCounter, [...keys, ...parseKeyPath(path)]);
      if (reason === undefined) return [{ object: value as KubernetesObject, file, document: index + 1, line }];
      problems.push(`${at}: ${reason}`);
      return [];
    });
  });
}

/** The items of a List, nothing for an empty document, the value itself otherwise; each with the keys that lead to it. */
function unpacked(value: unknown, keys: Key[] = []): { value: unknown; keys: Key[] }[] {
  if (value === null || value === undefined) return [];
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
    ? items.flatMap((item, index) => unpacked(item, [...keys, 'items', index]))
    : [{ value, keys }];
}

/** The line of the innermost of `keys` that is there. */
function lineOf(document: Document, lines: LineCounter, keys: Key[]): number {
  const node = document.getIn(keys, true) as Node | undefined;
  if (node?.range) return lines.linePos(node.range[0]).line;
  return keys.length === 0 ? 1 : lineOf(document, lines, keys.slice(0, -1));
}

function whyNoObject(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'not a Kubernetes object, which is a map with apiVersion, kind and metadata';
  const { apiVersion, kind, metadata } = value as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || apiVersion === '') return 'apiVersion is missing';
  if (typeof kind !== 'string' || kind === '') return 'kind is missing';
  if (typeof metadata !== 'object' || metadata === null) return `${kind} without metadata`;
  const { name } = metadata as { name?: unknown };
  return typeof name === 'string' && name !== '' ? undefined : `${kind} without metadata.name`;
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
