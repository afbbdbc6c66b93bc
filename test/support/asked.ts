import type { ServiceError } from '@grpc/grpc-js';

/** The answer to a question over gRPC. */
export function asked<T>(ask: (done: (error: ServiceError | null, response: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}
