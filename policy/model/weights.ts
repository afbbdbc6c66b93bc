import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { MeshModel } from '../../mesh/model/mesh-model';
import { oncePer } from '../../mesh/model/once-per';
import { list, record, records, text } from './read';

/** One destination of a route and the weight that it states. */
export interface WeightedDestination {
  /** Path of the destination, e.g. `spec.http[0].route[1]`. */
  path: string;
  /** What is written, of whatever type; undefined when nothing, or null, is. */
  weight: unknown;
  /** The destination in words: its subset, else its host. */
  title: string;
}

/** The destinations of one rule of a VirtualService. */
export interface WeightedRoute {
  object: KubernetesObject;
  /** Path of the list, e.g. `spec.http[0].route`. */
  path: string;
  destinations: WeightedDestination[];
}

/** Every `route` of the mesh's VirtualServices, in http, tcp and tls alike, whichever version of the API they are written in. */
export const weightedRoutes = oncePer((model: MeshModel): readonly WeightedRoute[] =>
  model.objects.ofKind('VirtualService').flatMap(({ object, spec }) =>
    ['http', 'tcp', 'tls'].flatMap((protocol) =>
      records(spec[protocol]).flatMap(({ at, item }) => {
        const path = `spec.${protocol}[${at}].route`;
        const destinations = records(item['route']).map(({ at: index, item: destination }) =>
          weightedDestination(`${path}[${index}]`, destination),
        );
        // An item that is no map is another rule's to report, and leaves nothing to say of the others.
        const isSound = destinations.length > 0 && destinations.length === list(item['route']).length;
        return isSound ? [{ object, path, destinations }] : [];
      }),
    ),
  ),
);

/** Whether a weight is one that a route can mean: a whole number of percent. */
export function isWholePercent(weight: unknown): weight is number {
  return Number.isInteger(weight) && (weight as number) >= 0 && (weight as number) <= 100;
}

/** Weights as people read them: `v1 60, v3 60`. */
export function listed(destinations: readonly WeightedDestination[]): string {
  return destinations
    .map(({ title, weight }) => `${title} ${weight === undefined ? 'none' : JSON.stringify(weight)}`)
    .join(', ');
}

function weightedDestination(path: string, item: Readonly<Record<string, unknown>>): WeightedDestination {
  const { host, subset } = record(item['destination']);
  return { path, weight: item['weight'] ?? undefined, title: text(subset) ?? text(host) ?? path };
}
