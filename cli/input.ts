import { counted, nearest } from '../mesh/strings';
import { basename, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { Mesh } from '../mesh/manifests/mesh';
import type { StackSettings } from '../mesh/manifests/settings';
import { checkMesh } from '../config/check-mesh';
import { loadStackFile, stackFilePath } from '../config/file';
import { type LeftOut, withoutEncryptedObjects } from '../config/encrypted';
import { formatProblems, type Problem, type Source } from '../config/problem';
import { parseStackText, type StackTextProblems, type StackTextSettings } from '../config/stack-text';
import type { CheckOptions } from '../policy/rule';
import { findSample, sampleStackFile } from './samples';
import { RefusedError, UserError } from './errors';
import { say } from './output';

/** The stack that a command works on, as its flags name it. At most one of them. */
export interface StackChoice {
  stack?: string;
  config?: string;
  sample?: string;
}

/** How a command reads its input files. */
export interface ReadFlags {
  namespace?: string;
  strict: boolean;
}

/** Adds the flags for reading files of objects; every command that takes such files has the same ones. */
export function readOptionsFlags(command: Command): Command {
  return command
    .option('-n, --namespace <namespace>', 'namespace of objects without one')
    .option(
      '--strict',
      'refuse files without Kubernetes objects instead of skipping them, and exit with 1 instead of 3',
      false,
    );
}

/** Collects the values of a flag that may be repeated. */
export function repeated(value: string, all: readonly string[] = []): string[] {
  return [...all, value];
}

/**
 * The route that a user names: `NAMESPACE/SERVICE`, or `SERVICE` if only one route has that name.
 * @param unknown - what the error says about a name that no route has
 * @throws UserError that suggests the nearest name
 */
export function namedRoute(
  name: string,
  routes: readonly string[],
  unknown = `not a route of this stack; it has ${routes.join(', ') || 'none'}`,
): string {
  const [found, ...more] = routes.filter((route) => route === name || route.endsWith(`/${name}`));
  if (found !== undefined && more.length === 0) return found;
  if (found !== undefined)
    throw new UserError(`${name} is a route in several namespaces: ${[found, ...more].join(', ')}.`);
  const near = nearest(name, [...routes, ...routes.map((route) => route.split('/')[1] ?? route)]);
  throw new UserError(`${name} is ${unknown}.${near === undefined ? '' : ` Did you mean ${near}?`}`);
}

/** A whole number from a flag. */
export function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new UserError(`${flag} ${text}; it is a whole number from ${least} to ${most}.`);
  }
  return value;
}

/** A valid stack file; its mesh may still have findings. */
export interface LoadedStack {
  /** The name of the file in problems. */
  file: string;
  /** Name of the environment: the stack's, or derived from the file's name. */
  name: string;
  /** Absolute path of the file, or `sample:NAME`. */
  origin: string;
  settings: StackSettings;
  policy: CheckOptions;
  source: Source;
}

export interface LoadedMesh extends LoadedStack {
  /** Without the objects and releases that need an encrypted value. */
  mesh: Mesh;
  encrypted: LeftOut[];
  /** Advisory findings; they are already printed. */
  warnings: Problem[];
}

const defaultStack = 'dev';

/** Adds the flags that name a stack; every command that takes a stack has the same ones. */
export function stackOptions(command: Command): Command {
  return command
    .addOption(
      new Option('-s, --stack <name>', 'read Pulumi.<name>.yaml (default: "dev")').conflicts(['config', 'sample']),
    )
    .addOption(new Option('-c, --config <file>', 'read the stack file at this path').conflicts(['stack', 'sample']))
    .addOption(
      new Option(
        '--sample <sample[/state]>',
        'read a sample that `meshwright samples` lists, e.g. 003/delay',
      ).conflicts(['stack', 'config']),
    );
}

/**
 * Reads the chosen stack file.
 * @throws UserError listing everything that is wrong in it.
 */
export function loadStack(choice: StackChoice): LoadedStack {
  const { file, name, origin, read } = chosen(choice);
  const loaded = read();
  if ('problems' in loaded) throw refused(file, loaded.problems, loaded.isBroken);
  const { settings, policy, source } = loaded;
  return { file, name, origin, settings, policy, source };
}

/** The environment of a command. Its stack file need not be valid, or even exist. */
export function environmentOf(choice: StackChoice): Pick<Chosen, 'name' | 'origin'> {
  const { name, origin } = chosen(choice);
  return { name, origin };
}

interface Chosen {
  file: string;
  name: string;
  /** Absolute path of the file, or `sample:NAME`. */
  origin: string;
  read: () => StackTextSettings | StackTextProblems;
}

function chosen({ stack, config, sample }: StackChoice): Chosen {
  if (sample !== undefined) return chosenSample(sample);
  const file = config ?? stackFilePath(stack ?? defaultStack);
  return { file, name: stack ?? environmentName(file), origin: resolve(file), read: () => loadStackFile(file) };
}

/** All states of a sample are one environment, so that the step from one to the next changes only the difference. */
function chosenSample(reference: string): Chosen {
  const found = findSample(reference);
  if ('problem' in found) throw new UserError(found.problem);
  const { sample, state } = found;
  const file = `sample ${sample}/${state}`;
  return {
    file,
    name: sample,
    origin: `sample:${sample}`,
    read: () => parseStackText(sampleStackFile(sample, state), file),
  };
}

/**
 * Reads the chosen stack file and judges its mesh; advisory findings are printed on stderr.
 * @throws UserError listing everything that is wrong in it.
 */
export function loadMesh(choice: StackChoice): LoadedMesh {
  const loaded = loadStack(choice);
  const { mesh, problems, warnings } = checkMesh(loaded.settings, loaded.policy, loaded.source);
  if (problems.length > 0) throw refused(loaded.file, problems);
  if (warnings.length > 0)
    say(`${counted(warnings.length, 'warning')} in ${loaded.file}:\n${formatProblems(warnings)}\n`);
  const { mesh: readable, leftOut } = withoutEncryptedObjects(mesh);
  return { ...loaded, mesh: readable, encrypted: leftOut, warnings };
}

/** @param isBroken - whether the file could not be read as a stack file at all */
function refused(file: string, problems: Problem[], isBroken = false): UserError {
  const text = `${file} is refused, nothing was changed: ${counted(problems.length, 'problem')}\n${formatProblems(problems)}`;
  return isBroken ? new UserError(text) : new RefusedError(text);
}

/** `Pulumi.dev.yaml` is the environment dev; the environment of another file has the file's name. */
function environmentName(file: string): string {
  return basename(file)
    .replace(/\.ya?ml$/, '')
    .replace(/^Pulumi\./, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}
