import { allRouteObjects } from '../../components/manifests/route-objects';
import { routeSetType, textsOf } from '../../components/manifests/route-set';
import type { RouteSettings } from '../../components/manifests/settings';
import { judgeStack } from './judge-stack';
import { kubernetesResources } from './kubernetes-resource';
import { mandatoryFindings } from './object-policy';
import { hasRecorded } from './recorded-inputs';
import type { RunArgs, StackResource } from './resource';

/** How long, in milliseconds, after it has begun to serve: what the engine asks first must not wait. */
const pause = 250;
/** Namespaces that are judged one by one, and how many of them together. */
const [sets, together] = [8, 4];
const services = 25;

/**
 * Judges made-up routes while the engine still starts the program, a namespace at a time and until the first real object comes, so that schemas are compiled and V8 knows the code: that takes a
 * second, for which every preview would wait otherwise. They come the way that real ones come, as texts, since V8 optimizes code for objects that were made alike.
 */
export function warmUp(): void {
  const stack: StackResource[] = [];
  const next = (): void => {
    if (hasRecorded() || stack.length === sets) return;
    const set = routeSet(`warm-up-${stack.length}`);
    stack.push(set);
    mandatoryFindings(kubernetesResources(set), {});
    if (stack.length % together === 0) {
      judgeStack({
        resources: stack.slice(-together),
        getConfig: (() => ({})) as RunArgs['getConfig'],
        stackTags: new Map(),
      });
    }
    setTimeout(next).unref();
  };
  setTimeout(next, pause).unref();
}

function routeSet(name: string): StackResource {
  const routes = Array.from({ length: services }, (_, index) => [
    `service-${index}`,
    { versions: ['v1', 'v2'], weights: { v1: 100 - index, v2: index } },
  ]);
  const objects = allRouteObjects({ [name]: Object.fromEntries(routes) as Record<string, RouteSettings> }).flatMap(
    ({ destinationRules, virtualService }) => [
      ...destinationRules,
      ...(virtualService === undefined ? [] : [virtualService]),
    ],
  );
  return {
    type: routeSetType,
    urn: name,
    name,
    props: { namespace: name, objects: textsOf(objects.map(({ object }) => object)) },
    opts: { ignoreChanges: [] },
    dependencies: [],
    propertyDependencies: {},
  };
}
