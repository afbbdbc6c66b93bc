import { allRouteObjects, objectsOfRoute } from '../../components/manifests/route-objects';
import { routeSetType, textsOf } from '../../components/manifests/route-set';
import type { StackSettings } from '../../components/manifests/settings';
import { kubernetesResources, type KubernetesResource } from './kubernetes-resource';
import { mandatoryFindings } from './object-policy';
import { packOptions } from './options';
import { stackFileSection } from './stack-file';

/** How long, in milliseconds, after it has begun to serve: what the engine asks first must not wait. */
const pause = 150;

type Routes = NonNullable<StackSettings['routes']>;

/**
 * Judges the routes of the stack file while the engine still starts the program, a namespace at a time. What the program then registers is mostly the same, word for word, and has its answer; what
 * differs is judged when the engine asks. Of any other program's stack file there is nothing to judge.
 */
export function judgeAhead(): void {
  const routes = Object.entries(stackFileSection('routes') as Routes);
  const options = packOptions({}, new Map());
  const next = (): void => {
    const [namespace, services] = routes.shift() ?? [];
    if (namespace === undefined || services === undefined) return;
    mandatoryFindings(expectedSet(namespace, services), options);
    setTimeout(next).unref();
  };
  setTimeout(next, pause).unref();
}

/** The set that the program will register for a namespace; none where it will refuse the routes. */
function expectedSet(namespace: string, services: Routes[string]): readonly KubernetesResource[] {
  try {
    const objects = allRouteObjects({ [namespace]: services }).flatMap(objectsOfRoute);
    return kubernetesResources({ type: routeSetType, props: { objects: textsOf(objects) } });
  } catch {
    // Not yet looked at by anybody: the program says what is wrong with it.
    return [];
  }
}
