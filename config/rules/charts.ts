import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

const sources = ['repository', 'oci', 'path'] as const;

/** Charts come from one place. */
export function chartRules({ istio }: StackFile): KeyProblem[] {
  const given = sources.filter((source) => istio?.charts?.[source] !== undefined);
  if (given.length < 2) return [];
  return [{ keys: ['istio', 'charts'], message: `charts come from one place: keep one of ${given.join(', ')}` }];
}
