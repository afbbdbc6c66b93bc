import { objectKey, objectTitle } from '../../mesh/manifests/kubernetes';
import { renderMesh } from '../../mesh/manifests/mesh';
import { nearest } from '../../mesh/strings';
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

/** What is to be adopted is part of the stack: a misspelt title would be refused only by the update. */
export function adoptRules(stack: StackFile): KeyProblem[] {
  const { adopt = [] } = stack;
  if (typeof adopt === 'boolean' || adopt.length === 0) return [];
  const { objects, releases } = renderMesh(stack);
  const titles = [
    ...objects.map(({ object }) => objectTitle(object)),
    ...releases.map(({ name, namespace }) => objectTitle({ kind: 'Release', metadata: { name, namespace } })),
  ];
  return adopt.flatMap((title, index) => {
    if (titles.includes(title)) return [];
    const meant = nearest(title, titles);
    const hint = meant === undefined ? {} : { hint: `did you mean "${meant}"?` };
    return [{ keys: ['adopt', index], message: 'the stack makes no such object', ...hint }];
  });
}
