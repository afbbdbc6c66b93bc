import { objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { ApiServer } from '../api';
import { RefusedError } from '../errors';
import type { Log } from '../types';

/** Applies objects in their order as one manager, and all of them. Throws a RefusedError with everything that the API server refused. */
export async function serverSideApply(
  api: ApiServer,
  objects: readonly KubernetesObject[],
  manager: string,
  log: Log,
): Promise<void> {
  const problems = [];
  for (const object of objects) {
    const { refusal, warnings } = await api.apply(object, { manager });
    for (const warning of warnings) log(`warning: ${warning}`);
    if (refusal !== undefined) problems.push({ id: objectTitle(object), message: refusal });
  }
  if (problems.length > 0) throw new RefusedError(problems);
}
