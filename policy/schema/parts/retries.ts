import type { Place } from '../place';
import { error, when, type SchemaProblem } from '../problem';
import { durationProblems } from './durations';
import { notNegative } from './numbers';
import { statusCodes } from './status-codes';

/** What Envoy can retry on, for HTTP and for gRPC. */
const conditions = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'envoy-ratelimited',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
];

export function retriesProblems(retries: Place): SchemaProblem[] {
  if (!retries.isSet) return [];
  const retryOn = retries.at('retryOn');
  const unknown = retryOn.text === '' ? [] : retryOn.text.split(',').filter((condition) => !isCondition(condition));
  const configured = ['perTryTimeout', 'retryRemoteLocalities'].filter((field) => retries.at(field).isSet);
  if (retryOn.text !== '') configured.push('retryOn');
  const disabled = retries.at('attempts').number === 0;
  return [
    ...notNegative(retries.at('attempts')),
    ...when(disabled && configured.length > 0, () =>
      error(
        retries,
        `${configured.join(', ')} have no meaning with attempts 0, which is what a missing attempts means; state attempts of at least 1, or leave them out`,
      ),
    ),
    ...durationProblems(retries.at('perTryTimeout')),
    ...durationProblems(retries.at('backoff')),
    ...unknown.map((condition) =>
      error(
        retryOn,
        `"${condition}" is nothing to retry on; allowed are HTTP status codes and ${conditions.join(', ')}`,
      ),
    ),
  ];
}

function isCondition(text: string): boolean {
  return conditions.includes(text) || statusCodes.includes(Number(text));
}
