import { addonProblems } from '../../mesh/manifests/addons/problems';
import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

const reads = [['addons', '**'], ['gateways', '*'], ['istio']];

/** Addons that can be what is asked of them, by the judgement of the manifests. */
export function addonRules(stack: StackFile): KeyProblem[] {
  return addonProblems(stack).map(({ path, message }) => ({ keys: ['addons', ...path], message, reads }));
}
