import { objectKey, objectTitle } from '../../mesh/manifests/kubernetes';
import { renderMesh } from '../../mesh/manifests/mesh';
import { parseKeyPath } from '../key-path';
import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

/** No object is created twice: the cluster would keep only the last one. */
export function duplicateRules(stack: StackFile): KeyProblem[] {
  const { objects, existingNamespaces, releases } = renderMesh(stack);
  const made = [
    ...[...existingNamespaces, ...objects].map(({ object, origin }) => ({
      id: objectKey(object),
      title: objectTitle(object),
      origin,
    })),
    ...releases.map(({ namespace, name, origin }) => ({
      id: `release/${namespace}/${name}`,
      title: `Helm release ${namespace}/${name}`,
      origin,
    })),
  ];
  const first = new Map<string, string>();
  return made.flatMap(({ id, title, origin }) => {
    const earlier = first.get(id);
    if (earlier === undefined) {
      first.set(id, origin);
      return [];
    }
    const message = `${title} is created twice, here and by ${earlier}; rename or remove one of them`;
    return [
      {
        keys: parseKeyPath(origin),
        message,
        reads: [
          [...parseKeyPath(earlier), '**'],
          [...parseKeyPath(origin), '**'],
        ],
      },
    ];
  });
}
