import type { ChartSource } from '../../mesh/manifests/settings';
import type { Key } from '../key-path';
import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';

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
