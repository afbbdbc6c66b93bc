import type { ServiceError } from '@grpc/grpc-js';

/** The response to a gRPC request. */
export function asked<T>(ask: (done: (error: ServiceError | null, response: T) => void) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}
