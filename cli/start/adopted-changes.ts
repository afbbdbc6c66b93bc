import { unstatedFields, type LiveObject } from '../../cluster/api';
import { asMap, isMap, valueAt, without, type JsonMap } from '../../mesh/json';
import { fieldManagerOf, forceAnnotation, isForProvider, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { fieldChanges, resourceObject, type FieldChange, type StepMetadata } from './engine-steps';

/**
 * What becomes different in an adopted object. Of the fields that the stack does not state, only those count that
 * another tool has stated: the API server has filled in many.
 */
export function adoptedChanges(found: StepMetadata, step: StepMetadata): FieldChange[] {
  const inputs = asMap(step.new?.inputs);
  const live = asMap((found.new ?? found.old)?.outputs);
  const object = inputs as unknown as KubernetesObject;
  const isRelease = resourceObject(step).kind === 'Release';
  // Of a release Helm knows the values and the version, and not where its chart came from.
  const stated = isRelease ? only(inputs, 'values', 'version') : withoutAnnotations(inputs, isForProvider);
  const gone = isRelease ? [] : unstatedFields(object, live as unknown as LiveObject, fieldManagerOf(object) ?? '');
  const known = gone.reduce((all, path) => withPath(all, path, valueAt(live, ...path)), within(live, stated));
  return fieldChanges(known, { ...stated, kind: inputs['kind'] }).filter(({ path }) => path !== 'kind');
}

function withPath(map: JsonMap, [key = '', ...below]: readonly string[], value: unknown): JsonMap {
  return { ...map, [key]: below.length === 0 ? value : withPath(asMap(map[key]), below, value) };
}

function only(map: JsonMap, ...keys: string[]): JsonMap {
  return Object.fromEntries(keys.flatMap((key) => (map[key] === undefined ? [] : [[key, map[key]]])));
}

/** An object without the annotation that only previews have, see provider/takeover.ts. */
export function withoutForce(object: JsonMap): JsonMap {
  return withoutAnnotations(object, (key) => key === forceAnnotation);
}

function withoutAnnotations(object: JsonMap, isOut: (key: string) => boolean): JsonMap {
  const metadata = asMap(object['metadata']);
  const stated = asMap(metadata['annotations']);
  const out = Object.keys(stated).filter(isOut);
  if (out.length === 0) return object;
  const annotations = without(stated, ...out);
  const kept = Object.keys(annotations).length === 0 ? without(metadata, 'annotations') : { ...metadata, annotations };
  return { ...object, metadata: kept };
}

/** The fields of a live value that are stated. */
function within(live: unknown, stated: unknown): JsonMap {
  const cut = (value: unknown, shape: unknown): unknown => {
    if (isMap(value) && isMap(shape))
      return Object.fromEntries(
        Object.keys(shape).flatMap((key) => (key in value ? [[key, cut(value[key], shape[key])]] : [])),
      );
    if (Array.isArray(value) && Array.isArray(shape))
      return value.map((item: unknown, index) => (index < shape.length ? cut(item, shape[index]) : item));
    return value;
  };
  return asMap(cut(live, stated));
}
