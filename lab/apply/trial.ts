import { objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { ApiServer, LiveObject } from '../api';
import type { ObjectProblem } from '../errors';

/** Where objects are tried whose own namespace is still to be created; the lab provides it, empty. */
export const TRIAL_NAMESPACE = 'meshwright-trial';

export interface TrialOptions {
  readonly manager: string;
  /** Whether this namespace can take objects now. */
  readonly hasNamespace: (name: string) => boolean;
}

export interface Trial {
  /** What would come out, for objects whose namespace exists. */
  readonly outcome: readonly LiveObject[];
  readonly problems: readonly ObjectProblem[];
}

/** Lets the API server try objects without keeping them, so that all it will refuse is known before anything is touched. */
export async function tryOut(
  api: ApiServer,
  objects: readonly KubernetesObject[],
  { manager, hasNamespace }: TrialOptions,
): Promise<Trial> {
  const trials = await Promise.all(
    objects.map(async (original) => {
      const { namespace } = original.metadata;
      const isHome = namespace === undefined || hasNamespace(namespace);
      const tried = isHome ? original : { ...original, metadata: { ...original.metadata, namespace: TRIAL_NAMESPACE } };
      return { original, isHome, ...(await api.apply(tried, { manager, dryRun: true })) };
    }),
  );
  return {
    outcome: trials.flatMap(({ isHome, object }) => (isHome && object !== undefined ? [object] : [])),
    problems: trials.flatMap(({ original, refusal }) => {
      if (refusal === undefined) return [];
      const message = refusal.replaceAll(TRIAL_NAMESPACE, original.metadata.namespace ?? '');
      return [{ id: objectTitle(original), message }];
    }),
  };
}
