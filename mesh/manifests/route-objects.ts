import { destinationRules, type DestinationRule } from './destination-rule';
import type { KubernetesObject } from './kubernetes';
import type { Rendered } from './rendered';
import type { RouteSettings, StackSettings } from './settings';
import { virtualService, type VirtualService } from './virtual-service';

/** All objects of one service's route, in the order in which they must reach the API: subsets before the routes that name them. */
export interface RouteObjects {
  namespace: string;
  service: string;
  destinationRules: Rendered<DestinationRule>[];
  virtualService?: Rendered<VirtualService>;
}

export function routeObjects(namespace: string, service: string, route: RouteSettings): RouteObjects {
  const origin = `meshwright:routes.${namespace}.${service}`;
  const routing = virtualService(namespace, service, route, origin);
  const rules = destinationRules(namespace, service, route, origin);
  return routing === undefined
    ? { namespace, service, destinationRules: rules }
    : { namespace, service, destinationRules: rules, virtualService: routing };
}

/** The objects themselves, in that order. */
export function objectsOfRoute({ destinationRules, virtualService }: RouteObjects): KubernetesObject[] {
  return [...destinationRules, ...(virtualService === undefined ? [] : [virtualService])].map(({ object }) => object);
}

/** Objects of a whole section, or of a part of it. */
export function allRouteObjects(routes: StackSettings['routes'] = {}): RouteObjects[] {
  return Object.entries(routes).flatMap(([namespace, services]) => ofNamespace(namespace, services));
}

type Services = NonNullable<StackSettings['routes']>[string];
const made = new WeakMap<Services, { namespace: string; objects: RouteObjects[] }>();

/** Made once: a stack is rendered to be checked for duplicates, to be judged, to be told as traffic, and to be registered. So neither settings nor objects may be changed. */
function ofNamespace(namespace: string, services: Services): RouteObjects[] {
  const known = made.get(services);
  if (known?.namespace === namespace) return known.objects;
  const objects = Object.entries(services).map(([service, route]) => routeObjects(namespace, service, route));
  made.set(services, { namespace, objects });
  return objects;
}
