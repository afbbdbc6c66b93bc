import { pushTo } from '../../mesh/collections';
import { checkMesh, checkOptions } from '../../config/check-mesh';
import { parseKeyPath, valueAt, type Key } from '../../config/key-path';
import type { Settings } from '../../config/parse';
import { formatProblems, type Problem } from '../../config/problem';
import { parseStackText, type StackTextSettings } from '../../config/stack-text';
import { objectTitle, type KubernetesObject, type Rendered } from '../../mesh/manifests/kubernetes';
import { renderMesh } from '../../mesh/manifests/mesh';
import { checkReport } from '../../policy/check';
import { waiverPrefix } from '../../policy/engine-findings';
import { findingSubject, subjectOf } from '../../policy/finding';
import { RefusedError, UserError } from '../errors';
import { identity } from '../objects';
import { comparableInAnyVersion } from './comparable';
import { withFrame, type Removal } from './document';
import { framed, type Frame } from './frame';
import type { Given, Intake, LeftOut } from './intake';
import { proof, type Proof } from './proof';

/** Where an import writes, and how it treats existing entries. */
export interface ImportOptions {
  /** Name of the file in messages. */
  file: string;
  /** Its content; undefined for a new file. */
  text: string | undefined;
  /** Replace entries of the file that differ from an imported object. */
  force: boolean;
  /** Hosts that exist outside the stack. */
  hosts?: readonly string[];
  /** Waive the mandatory findings on the objects that are added. */
  waive?: boolean;
}

/** The reason in waivers that an import writes. */
const waiverReason = 'imported';

/** Where an object is after an import. */
export interface Placed {
  title: string;
  kind: string;
  place: string;
  /** `frame`: in its section. `verbatim`: under objects. `present`: the file already had it. `kept`: the file has another form of it, which stays. */
  is: 'frame' | 'verbatim' | 'present' | 'kept';
  /** Key in the stack file. */
  key: string;
  why?: string;
}

export interface Imported {
  /** Content of the stack file; unchanged when there is nothing to add. */
  text: string;
  settings: StackTextSettings;
  placed: Placed[];
  leftOut: LeftOut[];
  /** Objects of kinds that Istio removed and of other tools, and what they became, in sentences. */
  upgraded: string[];
  /** Assumptions, in sentences. */
  assumed: string[];
  proof: Proof;
  /** Findings on the imported objects. */
  findings: Problem[];
  /** Advice on the stack file as a whole, in sentences. */
  advice: string[];
}

/**
 * Writes objects into a new or an existing stack file. Pure.
 * @throws UserError when the existing file is not valid
 */
export function imported(intake: Intake, options: ImportOptions): Imported {
  const result = importedOnce(intake, options);
  if (options.waive !== true || result.findings.length === 0) return result;
  const { settings, policy } = result.settings;
  const mesh = renderMesh(settings);
  const made = [...mesh.existingNamespaces, ...mesh.objects].map(({ object }) => object);
  const waived = new Map<string, string[]>();
  for (const { rule, level, ...subject } of checkReport(made, checkOptions(settings, policy)).findings)
    if (level === 'mandatory') pushTo(waived, findingSubject(subject), rule);
  const objects = intake.objects.map((given) => {
    const rules = waived.get(subjectOf(given.object)) ?? [];
    return rules.length === 0 ? given : { ...given, object: withWaivers(given.object, rules) };
  });
  return importedOnce({ ...intake, objects }, options);
}

/** Combines several imports, with the proof that their stacks make all objects together. */
export function together(
  all: readonly Imported[],
  objects: readonly KubernetesObject[],
): Omit<Imported, 'text' | 'settings'> {
  return {
    placed: all.flatMap(({ placed }) => placed),
    leftOut: all.flatMap(({ leftOut }) => leftOut),
    upgraded: all.flatMap(({ upgraded }) => upgraded),
    assumed: [...new Set(all.flatMap(({ assumed }) => assumed))],
    proof: proof(
      objects,
      all.map(({ settings }) => settings),
    ),
    findings: all.flatMap(({ findings }) => findings),
    advice: [...new Set(all.flatMap(({ advice }) => advice))],
  };
}

function withWaivers(object: KubernetesObject, rules: readonly string[]): KubernetesObject {
  const waivers = Object.fromEntries([...new Set(rules)].sort().map((rule) => [waiverPrefix + rule, waiverReason]));
  return { ...object, metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...waivers } } };
}

function importedOnce(
  { objects, leftOut, secrets, upgraded, weightsOwnedBy }: Intake,
  options: ImportOptions,
): Imported {
  const before = options.text === undefined ? undefined : readStack(options.text, options.file);
  const { fresh, placed, removed, displaced } = compared(objects, before, options.force);
  const present = before === undefined ? undefined : withoutRemoved(before, removed);
  const frame = framed([...fresh.map(({ object }) => object), ...displaced], present, weightsOwnedBy);
  const isSame = options.text !== undefined && fresh.length + displaced.length === 0;
  const text = isSame
    ? (options.text ?? '')
    : withFrame(options.text, frame, { secrets, hosts: options.hosts ?? [] }, removed);
  const after = readStack(text, options.file, true);
  const { problems, warnings } = checkMesh(after.settings, after.policy, after.source);
  return {
    text,
    settings: after,
    placed: [...placed, ...placesOf(fresh, frame, after)],
    leftOut,
    upgraded,
    assumed: frame.assumed.map(
      ({ workload, namespace }) =>
        `gateway workload ${workload} is assumed in ${namespace}, since it is not among the objects. If not, change meshwright:gateways.${workload}.namespace`,
    ),
    proof: proof(
      objects.map(({ object }) => object),
      [after],
    ),
    findings: problems,
    advice: warnings.filter(({ path }) => path === '').map(({ message }) => message),
  };
}

/**
 * @param isOwn - whether this import wrote the text, so that a problem is not the user's mistake
 */
function readStack(text: string, file: string, isOwn = false): StackTextSettings {
  const read = parseStackText(text, file);
  if (!('problems' in read)) return read;
  const problems = formatProblems(read.problems);
  if (isOwn)
    throw new RefusedError(`The imported objects do not make a valid stack file, nothing was written:\n${problems}`);
  throw new UserError(`${file} is not a valid stack file, nothing was written:\n${problems}`);
}

interface Compared {
  /** Objects to add to the file. */
  fresh: Given[];
  placed: Placed[];
  /** Entries to remove from the file, and to write again. */
  removed: Removal[];
  /** Objects of the removed entries that are not in the input. */
  displaced: KubernetesObject[];
}

function compared(objects: readonly Given[], before: StackTextSettings | undefined, force: boolean): Compared {
  if (before === undefined) return { fresh: [...objects], placed: [], removed: [], displaced: [] };
  const mesh = renderMesh(before.settings);
  const made = [...mesh.existingNamespaces, ...mesh.objects];
  const byIdentity = new Map(made.map((one) => [identity(one.object), one]));
  const fresh: Given[] = [];
  const placed: Placed[] = [];
  const origins = new Set<string>();
  for (const given of objects) {
    const own = byIdentity.get(identity(given.object));
    if (own === undefined) fresh.push(given);
    else if (comparableInAnyVersion(own.object) === comparableInAnyVersion(given.object))
      placed.push({ ...placeOf(given, own), is: 'present' });
    else if (force && isReplaceable(own)) {
      origins.add(own.origin);
      fresh.push(given);
    } else {
      const why = force ? 'it comes from a section that imports do not write' : 'the stack file has another form of it';
      placed.push({ ...placeOf(given, own), is: 'kept', why });
    }
  }
  const freshOnes = new Set(fresh.map(({ object }) => identity(object)));
  const gone = made.filter(({ origin }) => origins.has(origin));
  // A rewritten route keeps its objects that are not in the input.
  const displaced = gone.map(({ object }) => object).filter((object) => !freshOnes.has(identity(object)));
  const isPresent = new Set(displaced.map(identity));
  return {
    fresh,
    placed: placed.filter(
      ({ is, title }) =>
        is !== 'present' || !displaced.some((one) => objectTitle(one) === title && isPresent.has(identity(one))),
    ),
    removed: [...origins].map((origin) => parseKeyPath(origin)),
    displaced,
  };
}

function placeOf({ object, place }: Given, { origin }: Rendered): Omit<Placed, 'is'> {
  return { title: objectTitle(object), kind: object.kind, place, key: origin };
}

function isReplaceable({ origin }: Rendered): boolean {
  return ['routes', 'objects', 'namespaces', 'gateways'].includes(String(parseKeyPath(origin)[0]));
}

function withoutRemoved({ settings, policy }: Settings, removed: readonly Removal[]): Settings {
  if (removed.length === 0) return { settings, policy };
  const rest = structuredClone(settings);
  for (const keys of removed) deleteAt(rest, keys);
  return { settings: rest, policy };
}

function deleteAt(root: unknown, keys: readonly Key[]): void {
  const parent = valueAt(root, keys.slice(0, -1));
  const last = keys.at(-1);
  // Nothing is added below an item of a list.
  if (typeof parent !== 'object' || parent === null || last === undefined || Array.isArray(parent)) return;
  Reflect.deleteProperty(parent, last);
}

/** Where the new objects are in the file. */
function placesOf(fresh: readonly Given[], frame: Frame, after: StackTextSettings): Placed[] {
  const mesh = renderMesh(after.settings);
  const made = new Map([...mesh.existingNamespaces, ...mesh.objects].map((one) => [identity(one.object), one]));
  const reasons = new Map(frame.objects.map(({ object, why }) => [identity(object), why]));
  return fresh.map((given) => {
    const own = made.get(identity(given.object));
    const why = reasons.get(identity(given.object));
    const place = {
      title: objectTitle(given.object),
      kind: given.object.kind,
      place: given.place,
      key: own?.origin ?? '',
    };
    return why === undefined ? { ...place, is: 'frame' as const } : { ...place, is: 'verbatim' as const, why };
  });
}
