import { apiGroup, defined, objectTitle, type KubernetesObject } from '../../../mesh/manifests/kubernetes';
import { asMap, asName, type JsonMap } from '../../../mesh/json';
import type { NotCarried } from '../from-tools';

/** Collects the fields of an object that cannot be converted. */
export class Carry {
  readonly notCarried: NotCarried[] = [];
  readonly title: string;

  constructor(object: KubernetesObject) {
    this.title = objectTitle(object);
  }

  refuse(path: string, value: unknown, reason: string): void {
    this.notCarried.push({ object: this.title, path, ...defined({ value }), reason });
  }

  /** Refuses every field of a map that is not among the known ones. */
  only(path: string, map: JsonMap, known: readonly string[], reason = 'Istio has no field for it'): void {
    for (const [key, value] of Object.entries(map)) {
      if (!known.includes(key) && value !== undefined && value !== null)
        this.refuse(path === '' ? key : `${path}.${key}`, value, reason);
    }
  }

  get isWhole(): boolean {
    return this.notCarried.length === 0;
  }
}

/** The objects of a kind, in the order of the input. */
export function ofKind(objects: readonly KubernetesObject[], group: string, kind: string): KubernetesObject[] {
  return objects.filter((object) => object.kind === kind && apiGroup(object.apiVersion) === group);
}

/** `namespace/name`; the namespace is '' when the object names none. */
export function idOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** An Istio networking object, in the namespace of another object. */
export function networkingObject(
  kind: string,
  { metadata: { namespace } }: KubernetesObject,
  name: string,
  spec: JsonMap,
  metadata: { labels?: Record<string, string>; annotations?: Record<string, string> } = {},
): KubernetesObject {
  return {
    apiVersion: 'networking.istio.io/v1',
    kind,
    metadata: defined({ name, namespace, ...metadata }),
    spec: defined(spec),
  };
}

/** Port number of a Service's port by its name; undefined when the Service is not among the objects. */
export function portNumber(
  objects: readonly KubernetesObject[],
  namespace: string | undefined,
  service: string,
  name: string,
): number | undefined {
  const found = ofKind(objects, '', 'Service').find(
    ({ metadata }) => metadata.name === service && metadata.namespace === namespace,
  );
  const ports = asMap(found?.spec)['ports'];
  const port = (Array.isArray(ports) ? ports : []).map(asMap).find((entry) => asName(entry['name']) === name);
  return typeof port?.['port'] === 'number' ? port['port'] : undefined;
}

/** How Envoy must match a path: Kubernetes' `Prefix` and `PathPrefix` match whole path elements, Istio's `prefix` does not. */
export function pathMatches(type: 'exact' | 'elements' | 'prefix' | 'regex', path: string): JsonMap[] {
  if (type === 'elements') {
    const trimmed = path.replace(/\/$/, '');
    return trimmed === '' ? [{}] : [{ uri: { exact: trimmed } }, { uri: { prefix: `${trimmed}/` } }];
  }
  if (type === 'prefix' && path === '/') return [{}];
  return [{ uri: { [type]: path } }];
}

/** Weights in whole percent that keep the shares; undefined when whole percent cannot. */
export function wholePercent(weights: readonly number[]): number[] | undefined {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (sum === 0) return undefined;
  const percent = weights.map((weight) => (weight * 100) / sum);
  return percent.every((share) => Number.isInteger(share)) ? percent : undefined;
}
