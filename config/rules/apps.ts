import { appProblems } from '../../components/manifests/apps/problems';
import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

/** Apps that Kubernetes takes, by the judgement of the manifests. */
export function appRules({ apps = {} }: StackFile): KeyProblem[] {
  return Object.entries(apps).flatMap(([name, app]) =>
    appProblems(name, app).map(({ path, message }) => ({
      keys: ['apps', name, ...path],
      message,
      reads: [['apps', name, '**']],
    })),
  );
}
