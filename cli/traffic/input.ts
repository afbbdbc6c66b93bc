import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { formatProblems } from '../../config/problem';
import { parseStackText } from '../../config/stack-text';
import { findSample, sampleStackFile } from '../samples';
import { mergedOptions, stackTraffic, type TrafficInput } from '../../mesh/traffic';
import { UserError } from '../errors';
import { loadStack, type LoadedStack, type StackChoice } from '../input';
import { readInput, readObjects, type ReadOptions } from '../objects';

/**
 * The mesh that a command works on: the objects in the named files, or else the chosen stack.
 * @throws UserError for files together with a stack, and for input that cannot be read.
 */
export function trafficInput(choice: StackChoice & ReadOptions, files: string[]): TrafficInput {
  if (files.length === 0) return loadedTraffic(loadStack(choice));
  if ((choice.stack ?? choice.config ?? choice.sample) !== undefined) {
    throw new UserError('Name either a stack or files, not both.');
  }
  return readTraffic(files, choice);
}

/** The objects of files, folders and stack files as one mesh. */
function readTraffic(operands: readonly string[], options: ReadOptions = {}): TrafficInput {
  const { objects, stackFiles } = readInput(operands, options);
  const stacks = stackFiles.map((config) => loadedTraffic(loadStack({ config })));
  return {
    objects: [...objects.map(({ object }) => object), ...stacks.flatMap((stack) => stack.objects)],
    options: mergedOptions(stacks),
  };
}

/**
 * One side of a comparison: a stack file, a file of Kubernetes objects, `REVISION:FILE` in git, or `sample:NAME/STATE`.
 * @throws UserError that lists the allowed forms.
 */
export function trafficOperand(operand: string, options: ReadOptions = {}): TrafficInput {
  if (operand.startsWith('sample:')) return sampleTraffic(operand.slice('sample:'.length));
  if (existsSync(operand)) return readTraffic([operand], options);
  const colon = operand.indexOf(':');
  if (colon > 0) return revisionTraffic(operand.slice(0, colon), operand.slice(colon + 1));
  throw new UserError(
    `${operand} is not a file; give a stack file, a file of Kubernetes objects, REVISION:FILE for one in git, or sample:NAME/STATE.`,
  );
}

/** A stack file (or file of objects) in a git revision. */
export function revisionTraffic(revision: string, file: string): TrafficInput {
  const path = file.startsWith('/') || file.startsWith('.') ? file : `./${file}`;
  const { status, stdout, stderr } = spawnSync('git', ['show', `${revision}:${path}`], { encoding: 'utf8' });
  if (status !== 0) {
    throw new UserError(`${revision}:${file} cannot be read from git: ${stderr.trim() || 'git is not installed'}`);
  }
  return fileTraffic(`${revision}:${file}`, stdout);
}

function sampleTraffic(reference: string): TrafficInput {
  const found = findSample(reference);
  if ('problem' in found) throw new UserError(found.problem);
  return stackTextTraffic(`sample ${reference}`, sampleStackFile(found.sample, found.state));
}

function fileTraffic(name: string, text: string): TrafficInput {
  if (isStackText(text)) return stackTextTraffic(name, text);
  return { objects: readObjects(name, text).map(({ object }) => object), options: {} };
}

/**
 * A stack file has `config:` at the top level, or is empty and has the name of a stack file. Kubernetes objects have
 * `kind:`.
 */
function isStackText(text: string): boolean {
  try {
    const value: unknown = parseDocument(text).toJS();
    return typeof value === 'object' && value !== null && 'config' in value && !('kind' in value);
  } catch {
    return false;
  }
}

function stackTextTraffic(name: string, text: string): TrafficInput {
  const loaded = parseStackText(text, name);
  if ('problems' in loaded) throw new UserError(`${name} cannot be compared:\n${formatProblems(loaded.problems)}`);
  return loadedTraffic(loaded);
}

/** A stack with the externals of its policy section. */
export function loadedTraffic({ settings, policy }: Pick<LoadedStack, 'settings' | 'policy'>): TrafficInput {
  return stackTraffic(settings, policy);
}
