import type { LiveObject } from '../../cluster/api';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { ApplyContext } from '../../provider/execute-plan';
import { routeManager } from '../../mesh/manifests/route-set';
import { owned, ownerOf, type Owner } from '../../provider/ownership';

const urn = 'urn:pulumi:test::shop::meshwright:index:Routes$meshwright-routes:index:Route::bookinfo/reviews';
export const owner: Owner = ownerOf(urn, 'https://127.0.0.1:6443', 'bookinfo');

/** An object as this Route, or another owner, has applied it. */
export function applied(object: KubernetesObject, by: Owner = owner): LiveObject {
  const { metadata, ...fields } = owned(object, by);
  return { ...fields, metadata: { ...metadata, managedFields: [{ manager: routeManager, operation: 'Apply' }] } };
}

/** The parts of the cluster and the proxies that a test replaces. */
export interface Fakes {
  cluster: {
    apply(object: KubernetesObject): Promise<void>;
    remove(object: KubernetesObject): Promise<void>;
    metadata?(object: KubernetesObject): Promise<LiveObject | undefined>;
    get?(object: KubernetesObject): Promise<LiveObject | undefined>;
  };
  prover: {
    reach(before: KubernetesObject | undefined, after: KubernetesObject): Promise<void>;
    live(before: KubernetesObject | undefined, after: KubernetesObject | undefined): Promise<undefined>;
    drain(what: readonly string[]): Promise<void>;
  };
  log?: { info(line: string): void };
  weightsOwnedBy?: string;
}

/** A context without a cluster. Every object belongs to this Route, unless the test says otherwise. */
export function contextOf({ cluster, prover, log = { info: () => undefined }, weightsOwnedBy }: Fakes): ApplyContext {
  const inFlight = { while: <T>(work: () => Promise<T>): Promise<T> => work(), idle: () => Promise.resolve() };
  return {
    cluster: {
      metadata: (object: KubernetesObject) => Promise.resolve(applied(object)),
      get: (object: KubernetesObject) => Promise.resolve(applied(object)),
      ...cluster,
    },
    prover: { while: <T>(work: () => Promise<T>): Promise<T> => work(), ...prover },
    inFlight: { rules: inFlight, all: inFlight },
    log: { progress: () => undefined, warnOnce: () => undefined, ...log },
    owner,
    weightsOwnedBy,
    signal: new AbortController().signal,
  } as unknown as ApplyContext;
}
