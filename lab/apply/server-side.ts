import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { LabError } from '../errors';
import { tryKubectl } from '../kubectl';
import type { KubectlTarget } from '../kubectl';
import { kubeList, parseObjects, unknownKind } from './live';
import type { LiveObject } from './live';

export interface ServerSideOptions {
  /** Field manager: who owns the fields that are set. */
  readonly manager: string;
  /** Ask what would come out, changing nothing. Defaults to false. */
  readonly dryRun?: boolean;
}

/** One object that the API server refused, and its words. */
export interface Refusal {
  readonly object: KubernetesObject;
  readonly message: string;
}

export interface Applied {
  /** As the API server has them, or would have them, without those that it refused. */
  readonly objects: readonly LiveObject[];
  readonly refusals: readonly Refusal[];
  /** What the API server warned of. */
  readonly warnings: readonly string[];
}

/** What kubectl says when it cannot reach the server at all: no object is to blame. */
const unreachable = /connection refused|unable to connect to the server|connection reset|i\/o timeout/i;

/** The API server's own words, without what kubectl puts around them. */
export function plainMessage(stderr: string, { apiVersion, kind, metadata }: KubernetesObject): string {
  if (unknownKind.test(stderr)) return `the API server knows no ${kind} in ${apiVersion}`;
  const lines = stderr
    .replace(/^Warning: .*\n/gm, '')
    .replace(/^(error: |Error from server( \(\w+\))?: )+/, '')
    .replace(/^failed to create typed patch object \([^)]*\): /, '')
    .replace(new RegExp(`^The ${kind} "${metadata.name}" is invalid:\\s*`), '')
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('* <nil>: ')); // That the rest was not checked, or the same once more.
  const [only = ''] = lines;
  return lines.length === 1 ? only.replace(/^\* /, '') : lines.join('\n    ');
}

function warningsIn(stderr: string): string[] {
  const prefix = 'Warning: ';
  return stderr.split('\n').flatMap((line) => (line.startsWith(prefix) ? [line.slice(prefix.length)] : []));
}

/**
 * Applies objects in their order, taking back fields that others have changed. kubectl does not always say which object an error
 * is about; so where a batch fails, its halves are tried again, down to the single object. Applying twice does no harm.
 */
export async function serverSideApply(
  target: KubectlTarget,
  objects: readonly KubernetesObject[],
  options: ServerSideOptions,
): Promise<Applied> {
  const [first] = objects;
  if (first === undefined) return { objects: [], refusals: [], warnings: [] };
  const dryRun = options.dryRun === true ? ['--dry-run=server'] : [];
  const manager = `--field-manager=${options.manager}`;
  // Server-side apply refuses unknown fields by itself; kubectl's own validation would fetch all schemas first.
  const how = ['--server-side', '--force-conflicts', '--validate=ignore', manager, ...dryRun];
  const args = ['apply', ...how, '-o', 'json', '-f', '-'];
  const { ok, stdout, stderr } = await tryKubectl(target, args, kubeList(objects));
  const warnings = warningsIn(stderr);
  if (ok) return { objects: parseObjects(stdout), refusals: [], warnings };
  if (unreachable.test(stderr)) throw new LabError(`The API server cannot be reached: ${plainMessage(stderr, first)}`);
  if (objects.length === 1) {
    return { objects: [], refusals: [{ object: first, message: plainMessage(stderr, first) }], warnings };
  }
  const middle = Math.ceil(objects.length / 2);
  const before = await serverSideApply(target, objects.slice(0, middle), options);
  const after = await serverSideApply(target, objects.slice(middle), options);
  return {
    objects: [...before.objects, ...after.objects],
    refusals: [...before.refusals, ...after.refusals],
    warnings: [...before.warnings, ...after.warnings],
  };
}
