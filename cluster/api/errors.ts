import { asList, asMap, asString } from '../../mesh/json';

/**
 * - `no-cluster`: there is no kubeconfig, or no API server answers.
 * - `refused`: the API server refuses a request.
 * - `no-istio`: the cluster has no istiod.
 * - `unreachable`: istiod or a proxy does not answer.
 * - `forbidden`: missing rights to list pods or to forward a port.
 */
type ClusterProblem = 'no-cluster' | 'refused' | 'no-istio' | 'unreachable' | 'forbidden';

/** A failed request to a cluster. The message is one line for the user; `problem` distinguishes the cases. */
export class ClusterError extends Error {
  override readonly name: string = 'ClusterError';

  constructor(
    readonly problem: ClusterProblem,
    message: string,
  ) {
    super(message);
  }
}

/** A response of the API server with an error status. */
export class ApiError extends ClusterError {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super('refused', message);
  }
}

/** An error with the API server's own message (Kubernetes' Status): for an invalid object, each invalid field. */
export function apiError(status: number, body: unknown): ApiError {
  const { message, reason, details } = asMap(body);
  const text = asString(message) ?? '';
  if (text === '') return new ApiError(status, `the API server answers ${status}`);
  if (status === 404 && text.startsWith('the server could not find the requested resource')) {
    return new ApiError(status, 'the cluster does not know this kind: are the CRDs of Istio installed?');
  }
  if (status === 403 && reason === 'Forbidden') return new ApiError(status, `not allowed: ${text}`);
  const fields = reason === 'Invalid' ? invalidFields(details) : [];
  if (fields.length > 1) return new ApiError(status, fields.map((line) => `* ${line}`).join('\n    '));
  return new ApiError(status, fields[0] ?? text.replace(/^failed to create typed patch object \([^)]*\): /, ''));
}

function invalidFields(details: unknown): string[] {
  const causes = asList(asMap(details)['causes']).map(asMap);
  // The cause of the field `<nil>` only says that some rules were not checked.
  const named = causes.filter(({ field }) => field !== '<nil>');
  return [...new Set(named.map(({ field, message }) => `${asString(field) ?? ''}: ${asString(message) ?? ''}`))];
}
