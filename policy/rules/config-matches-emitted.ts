import type { RouteSettings } from '../../mesh/manifests/settings';
import { virtualService } from '../../mesh/manifests/routes';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { asMap, isMap } from '../../mesh/json';
import { meshModel, type MeshModel } from '../../mesh/model/mesh-model';
import { destinationTitle, writtenRoutes } from '../model/routes';
import { examples, objectResources, type ResourceRule, type Violation } from '../rule';

/** Compares with the option `routes`, the stack's configuration as the program gets it. Routes that the loader refuses are not compared. */
export const configMatchesEmitted: ResourceRule = {
  id: 'config-matches-emitted',
  level: 'mandatory',
  title: 'VirtualServices have the weights of the stack file',
  docs: {
    why: 'Reviewers see the weights in the stack file. A transformation or another part of the program can replace them without any sign in the review.',
    ...examples(
      `
# meshwright:routes: { bookinfo: { reviews: { versions: [v1, v3], weights: { v1: 90, v3: 10 } } } }
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 50 }
        - { destination: { host: reviews, subset: v3 }, weight: 50 }
`,
      ['v1 }, weight: 50', 'v1 }, weight: 90'],
      ['v3 }, weight: 50', 'v3 }, weight: 10'],
    ),
    fix: 'Remove what changes the weights in the program, and change them in the stack file.',
  },
  check: (resources, { routes, mesh }) => {
    const expected = expectedObjects(routes);
    if (expected.length === 0) return [];
    const emitted = meshModel(
      objectResources(resources).map(({ object }) => object),
      mesh,
    );
    const asked = meshModel(expected, mesh);
    const [wantedWeights, foundWeights] = [statedWeights(asked), statedWeights(emitted)];
    return asked.objects.ofKind('VirtualService').flatMap(({ namespace, name, object }) => {
      const wanted = wantedWeights.get(`${namespace}/${name}`) ?? new Map<string, Stated>();
      const found = emitted.objects.get('VirtualService', namespace, name);
      const key = `meshwright:routes.${namespace}`;
      if (found === undefined) {
        const message = `${key} asks for this VirtualService, but the program makes none with its name; add it, or take the route out of the stack file`;
        return wanted.size === 0 ? [] : [{ object, path: '', message }];
      }
      return differences(found.object, wanted, foundWeights.get(`${namespace}/${name}`) ?? new Map(), key);
    });
  },
};

function expectedObjects(routes: unknown): KubernetesObject[] {
  return Object.entries(asMap(routes)).flatMap(([namespace, services]) =>
    Object.entries(asMap(services)).flatMap(([service, route]) => {
      const rendered = isMap(route)
        ? attempt(() => virtualService(namespace, service, route as RouteSettings, ''))
        : undefined;
      return rendered === undefined ? [] : [rendered.object];
    }),
  );
}

/** The loader has already refused what cannot be rendered. */
function attempt<T>(render: () => T): T | undefined {
  try {
    return render();
  } catch {
    return undefined;
  }
}

/** The weight of a destination. */
interface Stated {
  path: string;
  destination: string;
  weight: number;
}

type Weights = ReadonlyMap<string, Stated>;

/** Stated weights by place, for every VirtualService by `namespace/name`. */
function statedWeights(model: MeshModel): Map<string, Map<string, Stated>> {
  const found = new Map<string, Map<string, Stated>>();
  for (const { source, path, destinations } of writtenRoutes(model)) {
    const key = `${source.namespace}/${source.name}`;
    const own = found.get(key) ?? new Map<string, Stated>();
    found.set(key, own);
    for (const written of destinations) {
      const destination = destinationTitle(written);
      if (written.weight !== undefined) {
        own.set(`${path} ${destination}`, { path: `${path}.route`, destination, weight: written.weight });
      }
    }
  }
  return found;
}

function differences(object: KubernetesObject, wanted: Weights, found: Weights, key: string): Violation[] {
  return [...new Map([...wanted, ...found])].flatMap(([place, { path, destination }]) => {
    const [asked, emitted] = [wanted.get(place)?.weight, found.get(place)?.weight];
    if (asked === emitted) return [];
    const message = `the weight of ${destination} is ${emitted ?? 'missing'}, but ${key} in the stack file sets it to ${asked ?? 'nothing'}; the two must agree, so change it in the stack file only`;
    return [{ object, path, message }];
  });
}
