import { objectTitle } from '../../mesh/manifests/kubernetes';
import { renderMesh } from '../../mesh/manifests/mesh';
import { nearest } from '../../mesh/strings';
import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

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
