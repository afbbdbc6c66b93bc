import { pushTo } from '../../mesh/collections';
import { canonical, indexedMaps } from '../../mesh/json';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { type WrittenRoute, writtenRoutes } from '../model/routes';

/** A rule before and after a change. */
export interface MatchedRoute {
  before: WrittenRoute;
  after: WrittenRoute;
}

/**
 * Rules of VirtualServices that are the same before and after: in the object of the same name, or, for one that was renamed, of the same hosts and gateways; there by the
 * rule's name, else by what it matches. Rules that are new or gone match nothing.
 */
export function matchedRoutes(before: MeshModel, after: MeshModel): MatchedRoute[] {
  const partners = partnersOf(before, after);
  const old = new Map<string, WrittenRoute[]>();
  for (const route of writtenRoutes(before)) {
    const partner = partners.get(route.source);
    if (partner !== undefined) pushTo(old, routeKey(partner, route), route);
  }
  return writtenRoutes(after).flatMap((route) => {
    const match = old.get(routeKey(route.source, route))?.shift();
    return match === undefined ? [] : [{ before: match, after: route }];
  });
}

/** For each VirtualService the one that it becomes. */
function partnersOf(before: MeshModel, after: MeshModel): Map<MeshObject, MeshObject> {
  const olds = before.objects.ofKind('VirtualService');
  const found = new Map<MeshObject, MeshObject>();
  for (const old of olds) {
    const same = after.objects.get('VirtualService', old.namespace, old.name);
    if (same !== undefined) found.set(old, same);
  }
  const taken = new Set(found.values());
  const renamed = new Map<string, MeshObject>();
  for (const next of after.objects.ofKind('VirtualService')) if (!taken.has(next)) renamed.set(scopeKey(next), next);
  for (const old of olds) {
    const next = found.has(old) ? undefined : renamed.get(scopeKey(old));
    if (next !== undefined) found.set(old, next);
  }
  return found;
}

function scopeKey({ namespace, spec }: MeshObject): string {
  return canonical([namespace, spec['hosts'], spec['gateways']]);
}

function routeKey({ namespace, name: object }: MeshObject, { protocol, rule }: WrittenRoute): string {
  const name = rule['name'];
  const matches = indexedMaps(rule['match']).map(({ item }) => ({ ...item, name: undefined }));
  return canonical([namespace, object, protocol, typeof name === 'string' && name !== '' ? name : matches]);
}
