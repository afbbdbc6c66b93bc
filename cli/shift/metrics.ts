import type { RouteSettings } from '../../mesh/manifests/settings';
import { effectiveWeights, versionsOf } from '../../mesh/manifests/weights';
import { escapeRegex } from '../../mesh/strings';
import { prometheusAnswer, timeoutMs, type PrometheusAnswer } from '../traffic/prometheus';
import {
  parseQuery,
  type Figures,
  type QueryReading,
  type Reading,
  type RouteReading,
  type WebhookReading,
} from './gates';
import type { Journal } from './journal';
import type { ShiftRoute } from './steps';

/** Shortest window of a query, in seconds: increase() needs two scrapes. */
const leastWindow = 5;

/** Prometheus does not answer, or not with figures. */
export class MetricsError extends Error {}

/**
 * The figures of the current step of a shift.
 * @param isDue - whether the step is at its end: webhooks are asked only then
 * @throws MetricsError when Prometheus does not answer
 */
export async function readFigures(
  journal: Journal,
  routes: readonly ShiftRoute[],
  now: number,
  isDue: boolean,
): Promise<Figures> {
  const { options, steps, at, since } = journal;
  const { prometheus } = options;
  const window = `${Math.max(leastWindow, Math.ceil((now - since) / 1000))}s`;
  const step = steps[at];
  // Only the receiving proxies count mirrored requests.
  const reporter = step?.kind === 'mirror' ? 'destination' : 'source';
  const read =
    prometheus === undefined
      ? []
      : await Promise.all(routes.map((route) => routeReading(prometheus, route, journal.target, window, reporter)));
  const queries =
    prometheus === undefined
      ? []
      : await Promise.all(options.queries.map((query) => customQuery(prometheus, query, window, journal)));
  const webhooks = isDue ? await Promise.all(options.webhooks.map((url) => askWebhook(url, journal))) : [];
  return { routes: read, queries, webhooks };
}

async function routeReading(
  base: string,
  { name, settings }: ShiftRoute,
  target: Readonly<Record<string, number>>,
  window: string,
  reporter: string,
): Promise<RouteReading> {
  const before = effectiveWeights(settings.weights ?? {}) ?? {};
  const gains = (version: string): boolean => (target[version] ?? 0) > (before[version] ?? 0);
  const all = versionsOf(settings).map(({ version }) => version);
  const [canary, stable] = await Promise.all([
    reading(base, selectorOf(name, settings, all.filter(gains)), window, reporter),
    reading(
      base,
      selectorOf(
        name,
        settings,
        all.filter((version) => !gains(version)),
      ),
      window,
      reporter,
    ),
  ]);
  return { route: name, canary, stable };
}

/** The series of some versions of a route, by the labels of Istio's standard metrics. */
function selectorOf(route: string, settings: RouteSettings, versions: readonly string[]): string {
  const [namespace = '', service = ''] = route.split('/');
  const chosen = versionsOf(settings).filter(({ version }) => versions.includes(version));
  const hosts = chosen.map(({ host }) => host ?? settings.host ?? service);
  const services = [...new Set(hosts.map((host) => host.split('.')[0] ?? host))];
  const labels = chosen.map(({ labels: own, version }) => own['version'] ?? version);
  return [
    `destination_service_name=~"${services.map(quoted).join('|')}"`,
    `destination_service_namespace="${hosts[0]?.split('.')[1] ?? namespace}"`,
    `destination_version=~"${labels.map(quoted).join('|')}"`,
  ].join(',');
}

/** A literal in a regular expression in a PromQL string. */
function quoted(text: string): string {
  return escapeRegex(text).replaceAll('\\', '\\\\');
}

async function reading(base: string, selector: string, window: string, reporter: string): Promise<Reading> {
  const series = (metric: string, more = ''): string =>
    `increase(${metric}{reporter="${reporter}",${selector}${more}}[${window}])`;
  const quantile = (share: number): string =>
    `histogram_quantile(${share}, sum by (le) (${series('istio_request_duration_milliseconds_bucket')}))`;
  const [requests, failed, p90, p99] = await Promise.all([
    value(base, `sum(${series('istio_requests_total')})`),
    // 0 is a request without a response.
    value(base, `sum(${series('istio_requests_total', ',response_code=~"5..|0"')})`),
    value(base, quantile(0.9)),
    value(base, quantile(0.99)),
  ]);
  const quantiles = { ...(p90 === undefined ? {} : { p90 }), ...(p99 === undefined ? {} : { p99 }) };
  return { requests: requests ?? 0, failed: failed ?? 0, ...quantiles };
}

async function customQuery(base: string, query: string, window: string, journal: Journal): Promise<QueryReading> {
  const [namespace = '', service = ''] = journal.routes[0]?.split('/') ?? [];
  const names: Record<string, string> = {
    window,
    namespace,
    service,
    version: Object.keys(journal.target).join('|'),
  };
  const filled = (parseQuery(query)?.promql ?? query).replaceAll(
    /\$(\w+)/g,
    (whole, name: string) => names[name] ?? whole,
  );
  const found = await value(base, filled);
  return { query, ...(found === undefined ? {} : { value: found }) };
}

/** The first value of a query; undefined when there is none. */
async function value(base: string, query: string): Promise<number | undefined> {
  let answer: PrometheusAnswer;
  try {
    answer = await prometheusAnswer(base, query);
  } catch (error) {
    throw new MetricsError(`Prometheus at ${base} does not answer: ${causeOf(error)}`);
  }
  if (answer.status !== 'success') throw new MetricsError(`Prometheus at ${base}: ${answer.error ?? 'no result'}`);
  const { resultType, result } = answer.data ?? {};
  const sample =
    resultType === 'scalar'
      ? (result as [number, string])
      : (result as { value?: [number, string] }[] | undefined)?.[0]?.value;
  const number = Number(sample?.[1] ?? NaN);
  return Number.isFinite(number) ? number : undefined;
}

/** Asks a webhook whether a step may go on; the body has the fields of Flagger's webhooks. */
async function askWebhook(url: string, { routes, stack, id, steps, at }: Journal): Promise<WebhookReading> {
  const [namespace = '', name = ''] = routes[0]?.split('/') ?? [];
  const metadata = { stack, id, routes, step: at, steps: steps.length - 1, label: steps[at]?.label ?? '' };
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name, namespace, phase: 'Progressing', metadata }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return { url, status: response.status, text: (await response.text()).trim().slice(0, 200) };
  } catch (error) {
    return { url, text: causeOf(error) };
  }
}

function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? cause.message : message;
}
