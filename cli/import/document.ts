import {
  Document,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  Scalar,
  YAMLMap,
  visit,
  YAMLSeq,
  type Node,
} from 'yaml';
import { compareStrings } from '../../mesh/collections';
import { needsQuotes } from '../../config/yaml-scalars';
import { configNamespace } from '../../config/key-path';
import { sectionName } from '../../config/pulumi-config-values';
import type { Frame } from './frame';
import type { VerbatimObject } from './gateways';

/** How strings are written: Pulumi reads YAML 1.1, so strings that look like other types there get quotes. */
const yamlOptions = {
  lineWidth: 0,
  aliasDuplicateObjects: false,
  compat: 'yaml-1.1',
  flowCollectionPadding: true,
} as const;
/** A map or list is written in one line when it is no longer than this. */
const lineLength = 90;

/** An entry to remove from a stack file: its keys below `config:`, the section first. */
export type Removal = readonly (string | number)[];

/**
 * Adds a frame to a stack file. Comments, order and all other entries of the file stay.
 * @param text - the file's content; undefined for a new file
 * @param known - Secrets and hosts outside the stack that the frame does not name
 * @param removed - entries to remove before the frame is added
 * @throws Error for a section that is a string of JSON, which `pulumi config set` without --path writes
 */
export function withFrame(
  text: string | undefined,
  frame: Frame,
  known: { secrets?: readonly string[]; hosts?: readonly string[] },
  removed: readonly Removal[] = [],
): string {
  const document = text === undefined ? new Document({ config: {} }, yamlOptions) : parseDocument(text, yamlOptions);
  const writer = new SectionWriter(document);
  for (const keys of inReverse(removed)) writer.remove(keys);
  for (const [name, settings] of Object.entries(frame.namespaces)) writer.set(['namespaces', name], settings);
  for (const [name, { gateways = {}, ...settings }] of Object.entries(frame.gateways)) {
    for (const [key, value] of Object.entries(settings)) writer.setIfMissing(['gateways', name, key], value);
    for (const [namespace, byName] of Object.entries(gateways))
      for (const [key, value] of Object.entries(byName))
        writer.set(['gateways', name, 'gateways', namespace, key], value);
  }
  for (const { namespace, key, settings } of frame.routes) writer.set(['routes', namespace, key], settings);
  for (const one of frame.objects) writer.append(['objects'], one);
  for (const [kind, names] of Object.entries({ ...frame.externals, ...known }))
    for (const name of names) writer.addName(['policy', 'externals', kind], name);
  return document.toString(yamlOptions);
}

/** Later items of a list first, so that the indexes of the others stay right. */
function inReverse(removed: readonly Removal[]): Removal[] {
  return [...removed].sort((a, b) => Number(b.at(-1)) - Number(a.at(-1)) || 0);
}

class SectionWriter {
  private readonly config: YAMLMap;

  constructor(private readonly document: Document) {
    let config = document.get('config', true);
    if (!isMap(config)) {
      config = new YAMLMap(document.schema);
      document.set('config', config);
    }
    this.config = config as YAMLMap;
  }

  set(keys: readonly string[], value: unknown): void {
    const [parent, last] = this.parentOf(keys);
    parent.set(last, this.node(value));
  }

  setIfMissing(keys: readonly string[], value: unknown): void {
    const [parent, last] = this.parentOf(keys);
    if (!parent.has(last)) parent.set(last, this.node(value, 1));
  }

  append(keys: readonly string[], { object, why }: VerbatimObject): void {
    const node = this.made(object) as YAMLMap;
    node.commentBefore = ` verbatim: ${why}`;
    this.list(keys).add(node);
  }

  addName(keys: readonly string[], name: string): void {
    const list = this.list(keys);
    const has = list.items.some((item) => (isScalar(item) ? item.value : item) === name);
    if (!has) list.add(this.made(name));
  }

  remove([section = '', ...below]: Removal): void {
    this.document.deleteIn(['config', this.sectionKey(String(section)), ...below]);
  }

  private list(keys: readonly string[]): YAMLSeq {
    const [parent, last] = this.parentOf(keys);
    const known = parent.get(last, true);
    if (isSeq(known)) return known;
    const list = new YAMLSeq(this.document.schema);
    // Names fit into a line, objects do not.
    list.flow = keys[0] === 'policy';
    parent.set(last, list);
    return list;
  }

  /** The map that holds the last of the keys; created if it is missing. */
  private parentOf([section = '', ...below]: readonly string[]): [YAMLMap, string] {
    const path = [this.sectionKey(section), ...below];
    const last = path.pop() ?? '';
    let map = this.config;
    for (const key of path) {
      let next = map.get(key, true) as Node | undefined;
      if (isScalar(next) && next.value !== null)
        throw new Error(`${key} is a string; write it as YAML first, so that it can be added to`);
      if (!isMap(next)) {
        next = new YAMLMap(this.document.schema);
        map.set(key, next);
      }
      map = next as YAMLMap;
    }
    return [map, last];
  }

  /** The key of a section in this file, which may lack the namespace. */
  private sectionKey(section: string): string {
    const keys = this.config.items.map(({ key }) => String(isScalar(key) ? key.value : key));
    return keys.find((key) => sectionName(key) === section) ?? `${configNamespace}:${section}`;
  }

  /** A value as a YAML node, with short maps and lists in one line. */
  private node(value: unknown, depth = 0): Node {
    const node = this.made(value);
    inLines(node, depth);
    return node;
  }

  private made(value: unknown): Node {
    const node = this.document.createNode(inOrder(value)) as Node;
    visit(node, {
      Scalar(_role, scalar) {
        if (typeof scalar.value === 'string' && needsQuotes(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
      },
    });
    return node;
  }
}

/** Keys that come first in a map, in this order; all other keys follow alphabetically. */
const firstKeys = [
  'name',
  'namespace',
  'apiVersion',
  'kind',
  'metadata',
  'existing',
  'install',
  'host',
  'port',
  'hosts',
  'gateways',
  'versions',
  'order',
  'match',
  'weights',
  'weightsOwnedBy',

  'http',
  'tls',
  'tcp',
  'trafficPolicy',
  'virtualService',
  'destinationRule',
];
const rank = new Map(firstKeys.map((key, index) => [key, index]));

/** Sorts the keys of maps, since Pulumi does not keep the order of the file. A route's versions and weights keep the order of its objects. */
function inOrder(value: unknown, isOrdered = false): unknown {
  if (Array.isArray(value)) return value.map((item) => inOrder(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const of = (key: string): number => rank.get(key) ?? firstKeys.length;
  if (!isOrdered) entries.sort(([a], [b]) => of(a) - of(b) || compareStrings(a, b));
  return new Map(entries.map(([key, inner]) => [key, inOrder(inner, key === 'versions' || key === 'weights')]));
}

/** Writes maps and lists that fit in one line in flow style. */
function inLines(node: unknown, depth: number): number {
  if (isScalar(node)) return scalarLength(node);
  if (!isCollection(node)) return 0;
  const lengths = node.items.map((item) => {
    if (isSeq(node)) return inLines(item, depth + 1);
    const { key, value } = item as { key: unknown; value: unknown };
    return inLines(key, depth + 1) + 2 + inLines(value, depth + 1);
  });
  const length = lengths.reduce((sum, one) => sum + one + 2, 2);
  node.flow = node.items.length === 0 || (length <= lineLength - 2 * depth && depth > 0);
  return node.flow ? length : Infinity;
}

function scalarLength({ value }: Scalar): number {
  const text = String(value);
  return text.includes('\n') ? Infinity : text.length + 2;
}
