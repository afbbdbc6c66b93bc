import type { RequestCount } from '../../mesh/traffic/graph/observed';
import { UserError } from '../errors';

/** How long Prometheus may take to answer, in milliseconds. */
const patience = 5000;

interface Answer {
  status?: string;
  error?: string;
  data?: { result?: { metric: Record<string, string>; value: [number, string] }[] };
}

/**
 * Recent requests by sender and version, as counted by the senders' proxies (istio_requests_total).
 * @param base - URL of Prometheus, e.g. `http://127.0.0.1:9090`
 * @param window - how far back, as a Prometheus duration, e.g. `5m`
 * @returns the reason as a string, if Prometheus does not answer
 * @throws UserError for an invalid URL or duration
 */
export async function requestCounts(base: string, window: string): Promise<RequestCount[] | string> {
  if (!/^https?:\/\/[^\s/]/.test(base) || !URL.canParse(base))
    throw new UserError(`--prometheus ${base} is not a URL; write e.g. http://127.0.0.1:9090`);
  if (!/^[1-9]\d*[smhdw]$/.test(window))
    throw new UserError(`--window ${window} is not a duration; write e.g. 30s, 5m or 1h`);
  const query = `sum by (source_workload, source_workload_namespace, destination_service, destination_version) (increase(istio_requests_total{reporter="source"}[${window}]))`;
  const url = `${base.replace(/\/+$/, '')}/api/v1/query?query=${encodeURIComponent(query)}`;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(patience) });
    const answer = (await response.json()) as Answer;
    if (answer.status !== 'success') return answer.error ?? `${response.status} ${response.statusText}`;
    return (answer.data?.result ?? []).map(requestCount).filter(({ requests }) => requests > 0);
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? `${message}: ${cause.message}` : message;
  }
}

/** `increase` extrapolates, so counts are fractions. */
function requestCount({ metric, value }: { metric: Record<string, string>; value: [number, string] }): RequestCount {
  return {
    source: `${metric['source_workload_namespace'] ?? ''}/${metric['source_workload'] ?? ''}`,
    host: metric['destination_service'] ?? '',
    version: metric['destination_version'] ?? '',
    requests: Math.round(Number(value[1])) || 0,
  };
}
