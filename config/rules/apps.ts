import { knownAppNames } from '../../mesh/manifests/apps/known/names';
import { appProblems } from '../../mesh/manifests/apps/problems';
import { defined } from '../../mesh/manifests/kubernetes';
import { didYouMean } from '../did-you-mean';
import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

/** Apps that Kubernetes takes, by the judgement of the manifests. */
export function appRules({ apps = {} }: StackFile): KeyProblem[] {
  return Object.entries(apps).flatMap(([name, app]) =>
    appProblems(name, app).map(({ path, message }) =>
      defined({
        keys: ['apps', name, ...path],
        message,
        // What is wrong with the app as a whole is that its key names no sample app.
        hint: path.length === 0 ? didYouMean(name, knownAppNames) : undefined,
        reads: [['apps', name, '**']],
      }),
    ),
  );
}
