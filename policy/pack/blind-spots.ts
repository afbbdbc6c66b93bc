import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { CheckOptions } from '../options';

type Externals = NonNullable<CheckOptions['externals']>;

/** What an object shows others, by kind: what counts as "there is more than is known" while a part of it is unknown. */
const shows: Record<string, keyof Externals> = {
  Namespace: 'namespaces',
  Service: 'hosts',
  ServiceEntry: 'hosts',
  Gateway: 'gateways',
  Deployment: 'workloads',
  StatefulSet: 'workloads',
  DaemonSet: 'workloads',
  ReplicaSet: 'workloads',
  Pod: 'workloads',
  Secret: 'secrets',
  ServiceAccount: 'serviceAccounts',
};

/** Rules that ask for something a DestinationRule holds, in other objects. */
const askDestinationRules = ['subset-exists', 'weight-to-empty-version', 'mtls-coherence'];

/** Parts of an object that others can only see when they are known. */
const visible =
  /^(metadata(\.(name|namespace|labels))?|spec(\.(hosts?|ports|subsets|exportTo|selector|servers|template|addresses))?)([.[]|$)/;

/** What unknown values make uncertain about other objects. */
export interface BlindSpots {
  externals: Externals;
  /** Rules whose findings rest on what is not known yet. */
  uncertain: readonly string[];
}

/** An object that is not quite known may be the very one that another misses, so that nothing may be said to be missing of its kind. */
export function blindSpots(unknowns: ReadonlyMap<KubernetesObject, readonly string[]>): BlindSpots {
  const blurred = [...unknowns]
    .filter(([, paths]) => paths.some((path) => visible.test(path)))
    .map(([{ kind }]) => kind);
  const lists = new Set(blurred.flatMap((kind) => shows[kind] ?? []));
  return {
    externals: Object.fromEntries([...lists].map((list) => [list, ['*']])),
    uncertain: blurred.includes('DestinationRule') ? askDestinationRules : [],
  };
}

/** The options with more that is there than they say. */
export function withExternals(options: CheckOptions, more: Externals): CheckOptions {
  const externals: Externals = { ...options.externals };
  for (const list of Object.keys(more) as (keyof Externals)[]) {
    externals[list] = [...(externals[list] ?? []), ...(more[list] ?? [])];
  }
  return { ...options, externals };
}
