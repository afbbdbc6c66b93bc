import { isDeepStrictEqual } from 'node:util';
import { defined, type KubernetesObject } from '../mesh/manifests/kubernetes';

/**
 * An object as the cluster has it, in the words of what was applied: labels, annotations and whatever else others have put on it are theirs, and no drift; `spec` is all ours.
 * @returns `stated` itself when nothing differs
 */
export function asStated(stated: KubernetesObject, live: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, metadata, ...fields } = stated;
  const own = Object.fromEntries(Object.keys(fields).map((key) => [key, live[key]]));
  const seen = {
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      ...part('labels', metadata.labels, live.metadata.labels),
      ...part('annotations', metadata.annotations, live.metadata.annotations),
    },
    ...defined(own),
  };
  return isDeepStrictEqual(seen, stated) ? stated : seen;
}

type Texts = Record<string, string>;

function part(key: string, stated: Texts | undefined, live: Texts = {}): Record<string, Texts> {
  if (stated === undefined) return {};
  return {
    [key]: Object.fromEntries(
      Object.keys(stated).flatMap((name) => (live[name] === undefined ? [] : [[name, live[name]]])),
    ),
  };
}
