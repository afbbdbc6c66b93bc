/** What the API server answers when it does not do what it was asked (Kubernetes' Status), as far as it is used here. */
interface Status {
  message?: unknown;
  reason?: unknown;
}

/** An answer of the API server that is not the one that was asked for. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The API server's own words. */
export function refusalOf(status: number, body: unknown): ApiError {
  const { message, reason } = (typeof body === 'object' && body !== null ? body : {}) as Status;
  const words = typeof message === 'string' && message !== '' ? message : `the API server answers ${status}`;
  if (status === 404 && words.startsWith('the server could not find the requested resource')) {
    return new ApiError(status, 'the cluster does not know this kind: are the CRDs of Istio installed?');
  }
  return new ApiError(status, status === 403 && reason === 'Forbidden' ? `not allowed: ${words}` : words);
}
