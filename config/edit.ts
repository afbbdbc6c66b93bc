import { isDeepStrictEqual } from 'node:util';
import { type Document, parseDocument } from 'yaml';
import { isMap } from '../mesh/json';
import { configNamespace, type Key, keyPath, valueAt } from './key-path';
import { sectionName } from './pulumi-config-values';
import { editedYaml } from './yaml-edit';

/** The text of a stack file cannot be edited without a change to something else. */
export class EditError extends Error {}

const options = { merge: true, prettyErrors: false, stringKeys: true, keepSourceTokens: true } as const;

/**
 * The value at a key of a stack file, as it is written: weights keep `rest`. undefined if there is no such key.
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
 * The text of a stack file with another value at a key, see {@link editedYaml}.
 * @param keys - from the section down
 * @param wanted - undefined to remove the key
 * @throws EditError when the edit would change anything else, such as the other uses of an anchor
 */
export function setStackValue(text: string, keys: readonly Key[], wanted: unknown): string {
  const path = fileKeys(text, keys);
  const before = rootOf(text);
  const expected = replaced(before, path, wanted);
  if (isDeepStrictEqual(before, expected)) return text;
  const edited = editedYaml(text, read(text).document, before, expected);
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
  const written = isMap(config) ? Object.keys(config).find((key) => sectionName(key) === String(section)) : undefined;
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
  const { [key]: own, ...others } = (isMap(root) ? root : {}) as Record<string, unknown>;
  const value = replaced(own, below, wanted);
  if (value === undefined) return others;
  // Rebuilt in the same order.
  return isMap(root) && key in root ? { ...root, [key]: value } : { ...others, [key]: value };
}
