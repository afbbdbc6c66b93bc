import type { Place } from '../place';
import { error, shown, warning, when, type SchemaProblem } from '../problem';
import { durationProblems } from './durations';
import { finePercentProblems, httpStatusProblems } from './numbers';
import { grpcStatuses } from './status-codes';

export function faultProblems(fault: Place): SchemaProblem[] {
  if (!fault.isSet) return [];
  const { abort, delay } = { abort: fault.at('abort'), delay: fault.at('delay') };
  return [
    ...when(!abort.isSet && !delay.isSet, () => error(fault, 'a fault needs an abort, a delay, or both')),
    ...(abort.isSet ? abortProblems(abort) : []),
    ...(delay.isSet ? delayProblems(delay) : []),
  ];
}

function abortProblems(abort: Place): SchemaProblem[] {
  const { httpStatus, grpcStatus, http2Error } = {
    httpStatus: abort.at('httpStatus'),
    grpcStatus: abort.at('grpcStatus'),
    http2Error: abort.at('http2Error'),
  };
  const unknownGrpc = grpcStatus.isSet && !grpcStatuses.includes(grpcStatus.text);
  return [
    ...finePercentProblems(abort.at('percentage')),
    ...(httpStatus.isSet ? httpStatusProblems(httpStatus) : []),
    ...when(unknownGrpc, () =>
      error(grpcStatus, `${shown(grpcStatus)} is no gRPC status; allowed are ${grpcStatuses.join(', ')}`),
    ),
    ...when(http2Error.isSet, () =>
      error(http2Error, 'Istio does not support HTTP/2 errors yet; use httpStatus or grpcStatus'),
    ),
    ...when(![httpStatus, grpcStatus, http2Error].some(({ isSet }) => isSet), () =>
      warning(abort, 'the abort does nothing: it states neither httpStatus nor grpcStatus'),
    ),
  ];
}

function delayProblems(delay: Place): SchemaProblem[] {
  const exponential = delay.at('exponentialDelay');
  return [
    ...finePercentProblems(delay.at('percentage')),
    ...durationProblems(delay.at('fixedDelay')),
    ...when(exponential.isSet, () =>
      error(exponential, 'Istio does not support exponential delays yet; use fixedDelay'),
    ),
    ...when(delay.at('percent').isSet, () => warning(delay.at('percent'), 'is deprecated; use percentage: {value: …}')),
  ];
}
