import { objectTitle } from '../../components/manifests/kubernetes';
import type { ApiServer } from '../api';
import { parentObject } from './apply-set';
import { markedNamespaces, marksManager } from './existing-namespaces';
import { liveSurroundings, members, setContents } from './live';
import { removeObjects } from './remove';
import { serverSideApply } from './server-side';
import type { RemoveOptions } from './types';

/** Removes a set: its members in the opposite order of applying, its marks, and at last its parent, which knows where to look. */
export async function removeSet(api: ApiServer, { name, log }: RemoveOptions): Promise<readonly string[]> {
  await api.freshKinds();
  const { parents } = await liveSurroundings(api);
  const contents = setContents(name, parents);
  const current = await members(api, name, contents);
  await removeObjects(api, current, log);
  const { namespaces } = await liveSurroundings(api);
  await serverSideApply(api, markedNamespaces({ name }, namespaces), marksManager(name), log);
  await api.remove(parentObject(name, contents));
  return current.map(objectTitle);
}
