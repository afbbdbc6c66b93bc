import { addonProblems } from '../../mesh/manifests/addons/problems';
import { didYouMean, type KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';
import { knownAppNames } from '../../mesh/manifests/apps/settings';
import { appProblems } from '../../mesh/manifests/apps/problems';
import { defined } from '../../mesh/manifests/kubernetes';
import type { ChartSource } from '../../mesh/manifests/release';
import type { Key } from '../key-path';

const reads = [['addons', '**'], ['gateways', '*'], ['istio']];

/** Addons that can be what is asked of them, by the judgement of the manifests. */
export function addonRules(stack: StackFile): KeyProblem[] {
  return addonProblems(stack).map(({ path, message }) => ({ keys: ['addons', ...path], message, reads }));
}

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

const sources = ['repository', 'oci', 'path'] as const;

/** Charts come from one place. */
export function chartRules({ istio, addons }: StackFile): KeyProblem[] {
  return [
    ...severalSources(istio?.charts, ['istio', 'charts']),
    ...severalSources(addons?.charts, ['addons', 'charts']),
  ];
}

function severalSources(charts: ChartSource | undefined, keys: Key[]): KeyProblem[] {
  const given = sources.filter((source) => charts?.[source] !== undefined);
  return given.length < 2 ? [] : [{ keys, message: `charts come from one place: keep one of ${given.join(', ')}` }];
}
