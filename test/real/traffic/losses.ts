import type { LoggedRequest } from './access-log';
import type { LostRequest } from './load';

/** Lost requests by cause, and how often. */
export interface Losses {
  /** Those that count: the proxy answered with an error, or had no answer yet when the client gave up. */
  byMesh: Record<string, number>;
  /** Those that the proxy never saw, or answered as asked: the client, or the machine under it, was too slow. */
  byClient: Record<string, number>;
}

/** Who has lost what a client has no answer to, by what the first proxy on its way says of the same request. Pure. */
export function lossesOf(lost: readonly LostRequest[], logged: readonly LoggedRequest[]): Losses {
  const seen = new Map(logged.map((request) => [request.path, request]));
  const losses: Losses = { byMesh: {}, byClient: {} };
  for (const { path, why } of lost) {
    const request = seen.get(path);
    const counts = request === undefined || isAnswered(request) ? losses.byClient : losses.byMesh;
    const cause = `${why}; ${wordsOf(request)}`;
    counts[cause] = (counts[cause] ?? 0) + 1;
  }
  return losses;
}

function isAnswered({ status, flags }: LoggedRequest): boolean {
  return status === 200 && flags === '-';
}

function wordsOf(request: LoggedRequest | undefined): string {
  if (request === undefined) return 'the proxy has not seen it';
  const { status, flags, details, cluster } = request;
  return `the proxy says ${status} ${flags} ${details} of ${cluster}`;
}
