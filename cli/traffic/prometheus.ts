import type { RequestCount } from '../../mesh/traffic/graph/overlays';
import { UserError } from '../errors';

/** How long Prometheus, or a webhook, may take to answer, in milliseconds. */
export const timeoutMs = 5000;

/** What Prometheus answers to a query. */
export interface PrometheusAnswer {
  status?: string;
  error?: string;
  data?: { resultType?: string; result?: unknown };
  /** Status of the response, e.g. `503 Service Unavailable`. */
  response: string;
}

/**
 * Asks Prometheus for the value of a query at this moment.
 * @param base - URL of Prometheus, e.g. `http://127.0.0.1:9090`
 * @throws Error when it does not answer with JSON in time
 */
export async function prometheusAnswer(base: string, query: string): Promise<PrometheusAnswer> {
  const url = `${base.replace(/\/+$/, '')}/api/v1/query?query=${encodeURIComponent(query)}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  const answer = (await response.json()) as Omit<PrometheusAnswer, 'response'>;
  return { ...answer, response: `${response.status} ${response.statusText}` };
}

interface Sample {
  metric: Record<string, string>;
  value: [number, string];
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
  try {
    const { status, error, data, response } = await prometheusAnswer(base, query);
    if (status !== 'success') return error ?? response;
    return ((data?.result ?? []) as Sample[]).map(requestCount).filter(({ requests }) => requests > 0);
  } catch (error) {
    const { message, cause } = error as Error;
    return cause instanceof Error ? `${message}: ${cause.message}` : message;
  }
}

/** `increase` extrapolates, so counts are fractions. */
function requestCount({ metric, value }: Sample): RequestCount {
  return {
    source: `${metric['source_workload_namespace'] ?? ''}/${metric['source_workload'] ?? ''}`,
    host: metric['destination_service'] ?? '',
    version: metric['destination_version'] ?? '',
    requests: Math.round(Number(value[1])) || 0,
  };
}
