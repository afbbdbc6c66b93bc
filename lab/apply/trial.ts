import { objectTitle } from '../../components/manifests/kubernetes';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { ObjectProblem } from '../errors';
import type { KubectlTarget } from '../kubectl';
import type { LiveObject } from './live';
import { serverSideApply } from './server-side';

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
  target: KubectlTarget,
  objects: readonly KubernetesObject[],
  { manager, hasNamespace }: TrialOptions,
): Promise<Trial> {
  const originals = new Map<KubernetesObject, KubernetesObject>();
  const moved = objects.map((object) => {
    const { namespace } = object.metadata;
    const isHome = namespace === undefined || hasNamespace(namespace);
    const tried = isHome ? object : { ...object, metadata: { ...object.metadata, namespace: TRIAL_NAMESPACE } };
    originals.set(tried, object);
    return tried;
  });
  const { objects: outcome, refusals } = await serverSideApply(target, moved, { manager, dryRun: true });
  return {
    outcome: outcome.filter(({ metadata }) => metadata.namespace !== TRIAL_NAMESPACE),
    problems: refusals.map(({ object, message }) => {
      const original = originals.get(object) ?? object;
      const namespace = original.metadata.namespace ?? '';
      return { id: objectTitle(original), message: message.replaceAll(TRIAL_NAMESPACE, namespace) };
    }),
  };
}
