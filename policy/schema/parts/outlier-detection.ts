import type { Place } from '../place';
import { error, warning, when, type SchemaProblem } from '../problem';
import { durationProblems } from './durations';
import { percentProblems } from './numbers';

export function outlierDetectionProblems(outlier: Place): SchemaProblem[] {
  const { local, errors } = {
    local: outlier.at('consecutiveLocalOriginFailures'),
    errors: outlier.at('consecutiveErrors'),
  };
  const unsplit = local.number > 0 && !outlier.at('splitExternalLocalOriginErrors').isTrue;
  return [
    ...['baseEjectionTime', 'interval'].flatMap((field) => durationProblems(outlier.at(field))),
    ...['maxEjectionPercent', 'minHealthPercent'].flatMap((field) => percentProblems(outlier.at(field))),
    ...when(unsplit, () => error(local, 'counts only with splitExternalLocalOriginErrors: true')),
    ...when(errors.number !== 0, () =>
      warning(errors, 'is deprecated; use consecutiveGatewayErrors or consecutive5xxErrors'),
    ),
  ];
}
