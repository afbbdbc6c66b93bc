import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { decodeText, readKubernetesYaml } from '../config/yaml';
import { UserError } from './errors';

/** A file that a command reads. */
export interface InputFile {
  /** The name for messages. */
  name: string;
  /** `-` for stdin. */
  path: string;
  /** Named on the command line, and not found in a folder. */
  isNamed: boolean;
  /** Below `templates` of a Helm chart. */
  isChartTemplate: boolean;
}

const endings = ['.yaml', '.yml', '.json'];
/** Folders of tools, without configuration that people write. */
const foreignFolders = ['.git', 'node_modules', '.terraform'];

/** The files of an operand: the file itself, or all YAML and JSON files in a folder, sorted by name. */
export function filesOf(operand: string): { files: InputFile[] } | { problem: string } {
  if (operand === '-') return { files: [{ name: 'stdin', path: '-', isNamed: true, isChartTemplate: false }] };
  const stats = statOf(operand);
  if (stats === undefined) return { problem: `${operand}: no such file or folder` };
  if (!stats.isDirectory()) return { files: [inputFile(operand, true)] };
  const files = filesBelow(operand, new Set()).map((path) => inputFile(path, false));
  return files.length > 0 ? { files } : { problem: `${operand}: no file in this folder ends in ${endings.join(', ')}` };
}

function inputFile(path: string, isNamed: boolean): InputFile {
  return { name: path, path, isNamed, isChartTemplate: isInChartTemplates(resolve(path)) };
}

/** @param seen - real paths of the folders above: a link may lead back to one of them */
function filesBelow(folder: string, seen: ReadonlySet<string>): string[] {
  const real = realpathSync(folder);
  if (seen.has(real)) return [];
  const way = new Set([...seen, real]);
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      const stats = statOf(path);
      if (stats?.isDirectory() === true) return foreignFolders.includes(name) ? [] : filesBelow(path, way);
      return stats?.isFile() === true && endings.includes(extname(name)) ? [path] : [];
    });
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

function isInChartTemplates(path: string): boolean {
  const above = dirname(path);
  if (above === path) return false;
  if (basename(above) === 'templates' && statOf(join(dirname(above), 'Chart.yaml')) !== undefined) return true;
  return isInChartTemplates(above);
}

const kustomizationNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/**
 * Files that kustomizations among these files use as patches: they look like objects, but have only the fields that
 * change.
 */
export function patchesOf(files: readonly InputFile[]): ReadonlySet<string> {
  const kustomizations = files.filter(({ path }) => kustomizationNames.includes(basename(path)));
  return new Set(kustomizations.flatMap(({ path }) => patchesIn(path)));
}

function patchesIn(kustomization: string): string[] {
  let text: string | undefined;
  try {
    text = decodeText(readFileSync(kustomization));
  } catch {
    // Reading it as an input reports the reason.
    return [];
  }
  const [document] = readKubernetesYaml(text ?? '');
  const fields = (document?.value ?? {}) as Record<string, unknown>;
  const lists = [
    'patches',
    'patchesStrategicMerge',
    'patchesJson6902',
    'replacements',
    'transformers',
    'configurations',
  ];
  return lists
    .flatMap((list): unknown[] => (Array.isArray(fields[list]) ? (fields[list] as unknown[]) : []))
    .map((entry) => (typeof entry === 'string' ? entry : (entry as { path?: unknown } | null)?.path))
    .filter((path): path is string => typeof path === 'string' && !path.includes('\n'))
    .map((path) => join(dirname(kustomization), path));
}

/**
 * The content of an existing stack file; undefined when it does not exist or is empty.
 * @throws UserError when it cannot be read
 */
export function existingText(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  let text: string | undefined;
  try {
    text = decodeText(readFileSync(file));
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${(error as Error).message}`);
  }
  if (text === undefined) throw new UserError(`${file} cannot be read: neither UTF-8 nor UTF-16`);
  return text.trim() === '' ? undefined : text;
}

/**
 * Replaces a file atomically: writes a temporary file in the same folder and renames it. If the process is killed, the old file is still complete.
 * @throws UserError when it cannot be written
 */
export function replaceFile(file: string, text: string): void {
  // A link stays a link.
  const target = existsSync(file) ? realpathSync(file) : file;
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  try {
    const mode = existsSync(target) ? statSync(target).mode : 0o644;
    const handle = openSync(temporary, 'w', mode);
    try {
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(temporary, target);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary, { force: true });
    throw new UserError(`${file} cannot be written and is unchanged: ${(error as Error).message}`);
  }
}
