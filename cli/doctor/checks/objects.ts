import type { LiveObject } from '../../../cluster/api';
import { asList, asMap, asName, asString, asStringMap, type JsonMap } from '../../../mesh/json';
import { type ClusterFacts, known, type Listed } from '../facts';

export function objectsOf(facts: ClusterFacts, key: Listed): readonly LiveObject[] {
  return known<readonly LiveObject[]>(facts.objects[key]);
}

export function nameOf({ metadata }: LiveObject): string {
  return metadata.name;
}

export function namespaceOf({ metadata }: LiveObject): string {
  return metadata.namespace ?? '';
}

export function labelsOf({ metadata }: LiveObject): Record<string, string> {
  return asStringMap(asMap(metadata)['labels']);
}

export function annotationsOf({ metadata }: LiveObject): Record<string, string> {
  return asStringMap(asMap(metadata)['annotations']);
}

export function isDeleted({ metadata }: LiveObject): boolean {
  return asName(asMap(metadata)['deletionTimestamp']) !== undefined;
}

export function specOf(object: LiveObject): JsonMap {
  return asMap(asMap(object)['spec']);
}

export function statusOf(object: LiveObject): JsonMap {
  return asMap(asMap(object)['status']);
}

/** Containers of a pod spec, including init containers. */
export function containersOf(spec: JsonMap): JsonMap[] {
  return [...asList(spec['initContainers']), ...asList(spec['containers'])].map(asMap);
}

/** An istiod. */
export interface ControlPlane {
  name: string;
  namespace: string;
  revision: string;
  /** E.g. `1.30.3`; undefined when its image has no such tag. */
  version: string | undefined;
}

export function controlPlanes(facts: ClusterFacts): ControlPlane[] {
  return objectsOf(facts, 'istiods').map((deployment) => {
    const containers = containersOf(asMap(asMap(specOf(deployment)['template'])['spec']));
    const image = containers.find(({ name }) => name === 'discovery')?.['image'];
    return {
      name: nameOf(deployment),
      namespace: namespaceOf(deployment),
      revision: labelsOf(deployment)['istio.io/rev'] ?? 'default',
      version: versionOf(asString(image)),
    };
  });
}

/** The webhooks that inject sidecars, also those of revision tags. */
export function injectorsOf(facts: ClusterFacts): LiveObject[] {
  return objectsOf(facts, 'injectors').filter((one) => labelsOf(one)['app'] === 'sidecar-injector');
}

export function validatorsOf(facts: ClusterFacts): LiveObject[] {
  return objectsOf(facts, 'validators').filter((one) => labelsOf(one)['app'] === 'istiod');
}

/** `1.30.3` of `docker.io/istio/proxyv2:1.30.3-distroless`; undefined for another tag. */
export function versionOf(image: string | undefined): string | undefined {
  return /:v?(\d+\.\d+\.\d+)[^/]*$/.exec(image ?? '')?.[1];
}

/** `a, b, c and 2 more` */
export function someOf(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
