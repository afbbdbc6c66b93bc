import { objectTitle } from '../../components/manifests/kubernetes';
import { kubectl } from '../kubectl';
import type { KubectlTarget } from '../kubectl';
import { PARENT_GROUP_KIND, PARENT_RESOURCE, parentName } from './apply-set';
import { markedNamespaces, marksManager } from './existing-namespaces';
import { servedKinds } from './kinds';
import { liveSurroundings, members, setContents } from './live';
import { removeObjects } from './remove';
import { serverSideApply } from './server-side';
import type { RemoveOptions } from './types';

/** Removes a set: its members in the opposite order of applying, its marks, and at last its parent, which knows where to look. */
export async function removeSet(target: KubectlTarget, { name, log }: RemoveOptions): Promise<readonly string[]> {
  const kinds = await servedKinds(target);
  const { parents } = await liveSurroundings(target, kinds);
  const contents = setContents(name, parents);
  const current = await members(target, name, contents, kinds);
  await removeObjects(target, current, log);
  const { namespaces } = await liveSurroundings(target, kinds);
  const marked = markedNamespaces({ name }, namespaces);
  await serverSideApply(target, marked, { manager: marksManager(name) });
  if (kinds.has(PARENT_GROUP_KIND)) {
    await kubectl(target, ['delete', PARENT_RESOURCE, parentName(name), '--ignore-not-found']);
  }
  return current.map(objectTitle);
}
