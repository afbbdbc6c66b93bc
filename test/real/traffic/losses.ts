import type { LoggedRequest } from './access-log';
import type { LostRequest } from './load';

/** Lost requests, counted by cause. */
export interface Losses {
  /** Real losses: the proxy answered with an error, or not before the client's timeout. */
  byMesh: Record<string, number>;
  /** The proxy never saw them, or answered them: the client or the machine was too slow. */
  byClient: Record<string, number>;
}

/** Sorts lost requests by the access log of the first proxy on their way. Pure. */
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
