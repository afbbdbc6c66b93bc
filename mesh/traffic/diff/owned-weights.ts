import { apiGroup, type KubernetesObject } from '../../manifests/kubernetes';
import { hasSplitsOf, withWeightsOf } from '../../manifests/route-weights';
import type { MeshOptions } from '../../model/mesh-model';
import type { Unfollowed } from '../unfollowed';

/** A VirtualService whose weights a controller sets. */
export interface OwnedWeights {
  kind: string;
  namespace: string;
  name: string;
  owner: string;
}

/** One side of a comparison. */
export interface Side {
  objects: readonly KubernetesObject[];
  options: MeshOptions | undefined;
}

/** A comparison without the weights that controllers set. */
export interface WithoutOwnedWeights {
  before: Side;
  after: Side;
  /** VirtualServices whose weights are not compared. */
  owned: OwnedWeights[];
  /** VirtualServices whose weights change, although the current weights are not in the input. */
  unknown: Unfollowed[];
}

/**
 * An update does not change weights that belong to a controller, so the side after the change gets them from the side
 * before it, unless the destinations of a rule change. A cluster has such weights, a stack file does not.
 */
export function withoutOwnedWeights(before: Side, after: Side): WithoutOwnedWeights {
  const [old, next] = [before.options?.weightOwners ?? {}, after.options?.weightOwners ?? {}];
  const was = virtualServices(before);
  const is = virtualServices(after);
  const kept = after.objects.map((object) => {
    const [id, other] = [idOf(object), was.get(idOf(object))];
    return is.get(id) === object && next[id] !== undefined && other !== undefined
      ? withWeightsOf(object, other)
      : object;
  });
  const unknown = Object.entries(old).flatMap(([id, owner]): Unfollowed[] => {
    const [one, other] = [was.get(id), is.get(id)];
    if (one === undefined) return [];
    if (other !== undefined && next[id] !== undefined && hasSplitsOf(other, one)) return [];
    return [{ ...named(id), touches: `its weights belonged to ${owner}, and the input does not hold them` }];
  });
  const owned = Object.entries(next).flatMap(([id, owner]) =>
    was.has(id) && is.has(id) ? [{ ...named(id), owner }] : [],
  );
  return {
    before: { ...before, options: { ...before.options, weightOwners: {} } },
    after: { objects: kept, options: { ...after.options, weightOwners: {} } },
    owned,
    unknown,
  };
}

function virtualServices({ objects }: Side): Map<string, KubernetesObject> {
  const all = objects.filter(
    ({ apiVersion, kind }) => kind === 'VirtualService' && apiGroup(apiVersion) === 'networking.istio.io',
  );
  return new Map(all.map((object) => [idOf(object), object]));
}

function idOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? 'default'}/${metadata.name}`;
}

function named(id: string): Pick<OwnedWeights, 'kind' | 'namespace' | 'name'> {
  const [namespace = '', name = ''] = id.split('/');
  return { kind: 'VirtualService', namespace, name };
}
