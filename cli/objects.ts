import { readFileSync } from 'node:fs';
import { isMap } from '../mesh/json';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import { objectKey } from '../mesh/manifests/kubernetes';
import { isClusterScoped } from '../policy/schema/kubernetes';
import { parseKeyPath, type Key } from '../config/key-path';
import { decodeText, readKubernetesYaml, type StreamDocument } from '../config/yaml';
import { userError, UserError } from './errors';
import { filesOf, patchesOf, type InputFile } from './files';
import { skipReason, whyNoObject } from './not-an-object';
import { say } from './output';

/** A Kubernetes object, and where it was read. */
export interface LoadedObject {
  object: KubernetesObject;
  /** The file as the user named it, `stdin` for `-`. */
  file: string;
  /** 1-based index of the document in its file. */
  document: number;
  /** Finds the line, counted from 1, of a field such as `spec.http[0]`, or of its nearest parent in the file. */
  line: (path: string) => number;
}

/** How to read the operands of a command. */
export interface ReadOptions {
  /** Namespace of objects without one. */
  namespace?: string | undefined;
  /** Refuse files without Kubernetes objects, instead of skipping them. */
  strict?: boolean | undefined;
}

/** The contents of the operands of a command. */
export interface ReadInput {
  /** Every object, in the order of the files. */
  all: LoadedObject[];
  /** Each object once: if several files have it, the last one counts, as for `kubectl apply`. */
  objects: LoadedObject[];
  /** Objects of which a later file has another copy. */
  repeated: LoadedObject[];
  /** Paths of the operands that are stack files. */
  stackFiles: string[];
  /** Secrets, as namespace/name, that are encrypted in their files: they exist, but their content is unknown. */
  encryptedSecrets: string[];
}

/**
 * Reads files and folders of YAML or JSON: several documents to a file, Lists unpacked, `-` for stdin, folders
 * recursively. A file without Kubernetes objects is named on stderr, with the reason.
 * @throws UserError naming every file that cannot be read and every broken object; with `strict`, also every file
 * without objects
 */
export function readInput(operands: readonly string[], options: ReadOptions = {}): ReadInput {
  const reading = new Reading(options);
  const problems: string[] = [];
  const files = operands.flatMap((operand) => {
    const found = filesOf(operand);
    if (!('problem' in found)) return found.files;
    problems.push(found.problem);
    return [];
  });
  const patches = patchesOf(files);
  for (const file of files) reading.take(file, patches);
  return reading.result(problems, operands);
}

/**
 * The Kubernetes objects of one string; anything else in it is a mistake.
 * @param file - its name in problems
 * @throws UserError naming every document that is not a Kubernetes object
 */
export function readObjects(file: string, text: string): LoadedObject[] {
  const problems: string[] = [];
  const objects = readKubernetesYaml(text).flatMap((document, index) => {
    problems.push(
      ...document.problems.map((problem) => `${file}:${problem.line}:${problem.column}: ${problem.message}`),
    );
    return itemsOf(document.value).flatMap(({ value, keys }) => {
      const reason = whyNoObject(value);
      if (reason === undefined) return [loaded(value as KubernetesObject, keys, document, { file, index })];
      problems.push(`${file}:${lineOf(document, keys)}: ${reason}`);
      return [];
    });
  });
  if (problems.length > 0) throw userError(`${file} cannot be read:`, problems);
  return objects;
}

/** Collects what the files of one command hold. */
class Reading {
  private readonly problems: string[] = [];
  private readonly skipped: string[] = [];
  private readonly objects: LoadedObject[] = [];
  private readonly stackFiles: string[] = [];
  private readonly encryptedSecrets: string[] = [];

  constructor(private readonly options: ReadOptions) {}

  take(file: InputFile, patches: ReadonlySet<string>): void {
    const { name, path } = file;
    let bytes: Uint8Array;
    try {
      bytes = readFileSync(path === '-' ? 0 : path);
    } catch (error) {
      this.problems.push(`${name}: cannot be read: ${(error as Error).message}`);
      return;
    }
    const text = decodeText(bytes);
    if (text === undefined) this.skip(name, 'neither UTF-8 nor UTF-16');
    else if (patches.has(path)) this.skip(name, 'a patch of a kustomization; pass the output of `kustomize build`');
    else this.takeText(file, text);
  }

  private takeText(file: InputFile, text: string): void {
    const documents = readKubernetesYaml(text);
    const [template] = documents.filter(({ hasTemplateKeys }) => hasTemplateKeys);
    const broken = documents.flatMap(({ problems }) => problems);
    const isTemplate = text.includes('{{') && (template !== undefined || broken.length > 0 || file.isChartTemplate);
    if (isTemplate) {
      const line = text.slice(0, text.indexOf('{{')).split('\n').length;
      this.skip(`${file.name}:${line}`, 'an unrendered template; pass the output of `helm template`');
      return;
    }
    if (broken.length > 0) {
      const messages = broken.map(({ line, column, message }) => `${file.name}:${line}:${column}: ${message}`);
      // A file that was found in a folder may belong to another program, with its own YAML tags.
      if (file.isNamed || isLikelyObject(text)) this.problems.push(...messages);
      else this.skip(file.name, `invalid YAML (${messages[0] ?? ''})`);
      return;
    }
    const values = documents.filter(({ value }) => value !== null && value !== undefined);
    if (values.length === 0) this.skip(file.name, 'empty');
    const reasons = documents.flatMap((document, index) => this.takeDocument(file, document, index));
    const [reason] = reasons;
    if (reason !== undefined) this.skip(file.name, reason);
  }

  /** @returns why the document is skipped; undefined if it is not */
  private takeDocument(file: InputFile, document: StreamDocument, index: number): string[] {
    const { value } = document;
    if (value === null || value === undefined) return [];
    const reason = skipReason(value, file);
    if (reason === 'a stack file' && file.isNamed) {
      this.stackFiles.push(file.path);
      return [];
    }
    if (reason !== undefined) {
      this.encryptedSecrets.push(...secretNames(value, reason, this.options.namespace));
      return [reason];
    }
    for (const { value: item, keys } of itemsOf(value)) {
      const problem = whyNoObject(item);
      if (problem === undefined)
        this.objects.push(this.placed(loaded(item as KubernetesObject, keys, document, { file: file.name, index })));
      else this.problems.push(`${file.name}:${lineOf(document, keys)}: ${problem}`);
    }
    return [];
  }

  private placed(one: LoadedObject): LoadedObject {
    const { namespace } = this.options;
    const { metadata } = one.object;
    if (namespace === undefined || (metadata.namespace ?? '') !== '' || isClusterScoped(one.object)) return one;
    return { ...one, object: { ...one.object, metadata: { ...metadata, namespace } } };
  }

  private skip(name: string, reason: string): void {
    this.skipped.push(`${name}: ${reason}`);
  }

  result(problems: readonly string[], operands: readonly string[]): ReadInput {
    const all = [...problems, ...this.problems];
    if (all.length > 0) throw userError('Broken input, nothing was read:', all);
    const { skipped, objects, stackFiles, encryptedSecrets } = this;
    if (this.options.strict === true && skipped.length > 0)
      throw userError('Not a Kubernetes object (--strict):', skipped);
    if (objects.length + stackFiles.length === 0) {
      if (skipped.length === 0) throw new UserError(`No Kubernetes object in ${operands.join(', ')}.`);
      throw userError(`No Kubernetes object in ${operands.join(', ')}:`, skipped);
    }
    for (const line of skipped) say(`skipped ${line}`);
    const last = new Map(objects.map((one) => [identity(one.object), one]));
    const kept = new Set(last.values());
    const repeated = objects.filter((one) => !kept.has(one));
    return { all: objects, objects: [...kept], repeated, stackFiles, encryptedSecrets };
  }
}

/** The same key for an object without a namespace and for one that names the default namespace. */
export function identity(object: KubernetesObject): string {
  const { metadata } = object;
  const isDefault = (metadata.namespace ?? '') === '' && !isClusterScoped(object);
  return objectKey(isDefault ? { ...object, metadata: { ...metadata, namespace: 'default' } } : object);
}

function loaded(
  object: KubernetesObject,
  keys: Key[],
  document: StreamDocument,
  { file, index }: { file: string; index: number },
): LoadedObject {
  const line = (path: string): number => lineOf(document, [...keys, ...parseKeyPath(path)]);
  return { object: withName(object), file, document: index + 1, line };
}

/** The API server appends five characters to `generateName`. */
function withName(object: KubernetesObject): KubernetesObject {
  const { name, generateName } = object.metadata as { name?: string; generateName?: string };
  if ((name ?? '') !== '' || generateName === undefined) return object;
  return { ...object, metadata: { ...object.metadata, name: `${generateName}xxxxx` } };
}

/** The items of a List, the value itself otherwise; each with the keys that lead to it. */
function itemsOf(value: unknown, keys: Key[] = []): { value: unknown; keys: Key[] }[] {
  if (value === null || value === undefined) return [];
  const { apiVersion, kind, items } = value as { apiVersion?: unknown; kind?: unknown; items?: unknown };
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items)) return [{ value, keys }];
  // As kubectl does: items of a ServiceList are Services.
  const typed = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
  return items.flatMap((item: unknown, index) =>
    itemsOf(isMap(item) && item['kind'] === undefined ? { ...typed, ...item } : item, [...keys, 'items', index]),
  );
}

function lineOf(document: StreamDocument, keys: readonly Key[]): number {
  return document.position(keys)?.line ?? document.line;
}

/** A string with the two keys that every Kubernetes object has. */
function isLikelyObject(text: string): boolean {
  return /^\s*"?apiVersion"?\s*:/m.test(text) && /^\s*"?kind"?\s*:/m.test(text);
}

function secretNames(value: unknown, reason: string, namespace = 'default'): string[] {
  const { kind, metadata } = value as { kind?: unknown; metadata?: { name?: unknown; namespace?: unknown } };
  if (kind !== 'Secret' || !reason.includes('SOPS') || typeof metadata?.name !== 'string') return [];
  return [`${typeof metadata.namespace === 'string' ? metadata.namespace : namespace}/${metadata.name}`];
}
