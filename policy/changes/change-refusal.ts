import { objectTitle, type KubernetesObject } from '../../components/manifests/kubernetes';
import type { CheckOptions } from '../options';
import { changeProblems } from './change-problems';

/**
 * Why one update must not lead from one state to another: a line per mandatory finding of {@link changeProblems}, which takes the same; undefined when it may.
 */
export function changeRefusal(
  before: readonly KubernetesObject[],
  after: readonly KubernetesObject[],
  options: CheckOptions,
): string | undefined {
  const found = changeProblems(before, after, options).filter(({ level }) => level === 'mandatory');
  if (found.length === 0) return undefined;
  const lines = found.map(
    ({ rule, kind, namespace, name, path, message }) =>
      `  ${objectTitle({ kind, metadata: { name, namespace } })}, ${path}: ${message} (${rule})`,
  );
  return ['this change is refused', ...lines].join('\n');
}
