import { defaultIstioVersion } from '../../mesh/manifests/istio';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { renderMesh } from '../../mesh/manifests/mesh';
import type { Release } from '../../mesh/manifests/release';
import { allRouteObjects, objectsOfRoute } from '../../mesh/manifests/route-objects';
import { routeSetType, textsOf } from '../../mesh/manifests/route-set';
import type { StackSettings } from '../../mesh/manifests/settings';
import type { StackResource } from './resource';

type Routes = NonNullable<StackSettings['routes']>;

/**
 * What the program of Meshwright will most likely register for a stack file, as far as the check reads it. Of a stack file that the program will refuse there is something or nothing.
 * @param settings - as they stand in the file: nobody has looked at them
 */
export function expectedStack({ routes = {}, ...rest }: StackSettings): StackResource[] {
  const sets = Object.entries(routes).flatMap(([namespace, services]) => orNone(() => routeSet(namespace, services)));
  return [...orNone(() => all(rest)), ...sets];
}

function orNone(resources: () => StackResource[]): StackResource[] {
  try {
    return resources();
  } catch {
    return [];
  }
}

function routeSet(namespace: string, services: Routes[string]): StackResource[] {
  const objects = allRouteObjects({ [namespace]: services }).flatMap(objectsOfRoute);
  return [resource(routeSetType, namespace, { objects: textsOf(objects) })];
}

function all(settings: StackSettings): StackResource[] {
  const { existingNamespaces, objects, releases } = renderMesh(settings);
  return [
    ...releases.map((release) => helmRelease(release, settings.istio?.version ?? defaultIstioVersion)),
    ...existingNamespaces.map(({ object }) => kubernetesObject(object, 'Patch')),
    ...objects.map(({ object }) => kubernetesObject(object)),
  ];
}

/** @param istioVersion - of charts in files, whose own version Helm reads out of them */
function helmRelease(release: Release, istioVersion: string): StackResource {
  const { name, namespace, chart, version = istioVersion, values } = release;
  return resource('kubernetes:helm.sh/v3:Release', name, { name, namespace, chart, version, values });
}

function kubernetesObject(object: KubernetesObject, suffix = ''): StackResource {
  const { apiVersion, kind } = object;
  const group = apiVersion.includes('/') ? apiVersion : `core/${apiVersion}`;
  return resource(`kubernetes:${group}:${kind}${suffix}`, kind, { ...object });
}

function resource(type: string, name: string, props: StackResource['props']): StackResource {
  const alone = { opts: { ignoreChanges: [] }, dependencies: [], propertyDependencies: {} };
  return { type, name, urn: '', props, ...alone };
}
