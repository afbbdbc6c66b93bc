import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { definedKinds } from '../api';
import type { ApiServer } from '../api';
import { LabError } from '../errors';
import type { Log } from '../types';
import { waitUntilNone } from './wait-until';

/** Longest wait, in seconds, for new kinds to be served. */
const SERVED_SECONDS = 60;

/** Waits until the API server serves the kinds that CustomResourceDefinitions define. Throws a LabError that names those that it does not. */
export async function awaitKinds(api: ApiServer, definitions: readonly KubernetesObject[], log: Log): Promise<void> {
  const defined = [...definedKinds(definitions)];
  const look = async (): Promise<string[]> => {
    const served = await api.freshKinds();
    return defined.flatMap(([kind, { apiVersions }]) => {
      const now = served.get(kind)?.apiVersions;
      return apiVersions.every((version) => now?.includes(version) === true) ? [] : [kind];
    });
  };
  const talk = (left: readonly string[]): string => `waiting for the API server to serve ${left.join(', ')}`;
  const left = await waitUntilNone(look, { log, timeoutSeconds: SERVED_SECONDS, talk });
  if (left.length > 0) throw new LabError(`Not served after ${SERVED_SECONDS} s: ${left.join(', ')}`);
}
