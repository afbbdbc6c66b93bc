import { readFileSync } from 'node:fs';
import { parseAllDocuments, type Document } from 'yaml';
import type { KubernetesObject } from '../components/manifests/kubernetes';
import { userError, UserError } from './errors';

/** A Kubernetes object and the file it was read from. */
export interface LoadedObject {
  object: KubernetesObject;
  /** The file as it was named, `stdin` for `-`. */
  file: string;
  /** 1-based index of the document in its file. */
  document: number;
}

/**
 * Objects from files of YAML or JSON: several documents to a file, Lists unpacked, `-` for stdin.
 * @throws UserError naming every file that cannot be read and every document that is no Kubernetes object.
 */
export function readObjects(files: string[]): LoadedObject[] {
  const problems: string[] = [];
  const objects = files.flatMap((file) => {
    const name = file === '-' ? 'stdin' : file;
    try {
      return objectsOf(name, readFileSync(file === '-' ? 0 : file, 'utf8'), problems);
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

function objectsOf(file: string, text: string, problems: string[]): LoadedObject[] {
  // JSON is YAML, so one parser reads both.
  const documents = parseAllDocuments(text, { uniqueKeys: true }) as Document[];
  return documents.flatMap((document, index) => {
    const at = `${file}${documents.length > 1 ? `, document ${index + 1}` : ''}`;
    if (document.errors.length > 0) {
      problems.push(...document.errors.map((error) => `${at}: ${firstLine(error.message)}`));
      return [];
    }
    return unpacked(document.toJS() as unknown).flatMap((value) => {
      const reason = whyNoObject(value);
      if (reason === undefined) return [{ object: value as KubernetesObject, file, document: index + 1 }];
      problems.push(`${at}: ${reason}`);
      return [];
    });
  });
}

/** The items of a List, nothing for an empty document, the value itself otherwise. */
function unpacked(value: unknown): unknown[] {
  if (value === null || value === undefined) return [];
  const { kind, items } = value as { kind?: unknown; items?: unknown };
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items) ? items.flatMap(unpacked) : [value];
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
