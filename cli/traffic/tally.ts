import { compareStrings } from '../../mesh/collections';
import { binomialBound, type Bound, fraction, percent, share, type Share } from '../../mesh/traffic/share';
import type { Outcome, WeightedDestination } from '../../mesh/traffic/outcome';
import { destinationWords } from '../../mesh/traffic/words';
import { exitCodes } from '../errors';
import { table } from '../output';

/** The answer to one request. */
export interface Answer {
  /** Absent if there was no answer; then `text` has the reason. */
  status?: number;
  /** The pod that answered, `namespace/name`; absent when a proxy did. */
  pod?: string;
  /** First line of a proxy's own answer. */
  text: string;
  /** Whether a proxy turned the request away because of a limit of a connection pool. */
  isOverflow?: boolean;
}

/** The configured outcome of some requests. */
export interface Configured {
  outcome: Outcome;
  /** The name of a destination for readers, e.g. `v1`. Defaults to service and subset. */
  nameOf?: (destination: WeightedDestination) => string;
  /** Destinations that a pod belongs to. */
  destinationsOf: (pod: string) => readonly WeightedDestination[];
  /** The name of a pod that belongs to no destination, e.g. `shop/web-v1`. Defaults to the pod. */
  workloadOf?: (pod: string) => string;
}

/** One kind of answer: the expected and the observed number. */
export interface Row {
  /** E.g. `v1`, `abort 500`, `503 no healthy upstream`, `no answer`. */
  destination: string;
  /** Absent if no rule configures it. */
  configured?: Share;
  observed: number;
  /** Range of counts that fit the configured share. */
  bound?: Bound;
  /**
   * `explained`: the configuration allows such answers without a share, and `why` says how. `unexpected`: it does not.
   */
  verdict: 'within' | 'outside' | 'explained' | 'unexpected';
  why?: string;
  /** Errors that the application itself answered with, by status. They count as requests that arrived. */
  errors?: Record<string, number>;
  /** Answers by workload, if several workloads answered for one destination. */
  workloads?: Record<string, number>;
}

/** Requests of one kind, and their answers. */
export interface Observation {
  /** `namespace/service` */
  route: string;
  /** Which requests, e.g. `header end-user is jason`, `all other requests`. */
  who: string;
  /** E.g. `productpage-v1.bookinfo`, `gateway istio-ingress/istio-ingressgateway`. */
  from: string;
  /** E.g. `GET http://reviews.bookinfo:9080/` */
  request: string;
  /** The number of requests to send. */
  requests: number;
  /** The number of requests that were sent. */
  sent: number;
  rows: Row[];
  /** `unknown`: the model cannot tell, and `why` says why. */
  verdict: 'within' | 'outside' | 'unknown';
  why?: string;
}

/** Counts of answers, compared with the configuration. */
export type Tally = Pick<Observation, 'rows' | 'verdict' | 'why'>;

const unanswered = 'no answer';

/** Counts answers by their origin, and compares each count with the configured share. Pure. */
export function tally(configured: Configured, answers: readonly Answer[]): Tally {
  const { workloadOf = (pod: string) => pod } = configured;
  const unknown = whyUnknown(configured, answers);
  if (unknown !== undefined) return { rows: [], verdict: 'unknown', why: unknown };
  const expected = expectedShares(configured);
  const counts = new Map([...expected.keys()].map((name) => [name, 0]));
  const reasons = new Map<string, string>();
  const errors = new Map<string, Record<string, number>>();
  const workloads = new Map<string, Record<string, number>>();
  for (const answer of answers) {
    const { name, why } = kindOf(answer, configured, expected);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    if (why !== undefined) reasons.set(name, why);
    const { pod, status = 0 } = answer;
    if (pod !== undefined) addTo(workloads, name, workloadOf(pod));
    if (pod !== undefined && status >= 400) addTo(errors, name, String(status));
  }
  // The destination of a rejected or abandoned request is unknown: it may count for any.
  const open = [...reasons.keys()].reduce((sum, name) => sum + (counts.get(name) ?? 0), 0);
  const rows = [...counts].map(([destination, observed]): Row => {
    const chance = expected.get(destination);
    const why = reasons.get(destination);
    const [failed, spread] = [errors.get(destination), workloads.get(destination) ?? {}];
    const common = {
      destination,
      observed,
      ...(failed && { errors: failed }),
      ...(Object.keys(spread).length > 1 && { workloads: spread }),
    };
    if (chance === undefined) {
      return why === undefined ? { ...common, verdict: 'unexpected' } : { ...common, verdict: 'explained', why };
    }
    const bound = binomialBound(chance, answers.length);
    const isWithin = observed <= bound.most && observed + open >= bound.least;
    return { ...common, configured: chance, bound, verdict: isWithin ? 'within' : 'outside' };
  });
  const isFine = rows.every(({ verdict }) => verdict === 'within' || verdict === 'explained');
  return { rows, verdict: isFine ? 'within' : 'outside' };
}

function addTo(counts: Map<string, Record<string, number>>, name: string, key: string): void {
  const known = counts.get(name) ?? {};
  counts.set(name, { ...known, [key]: (known[key] ?? 0) + 1 });
}

/** Why answers cannot be compared with the configuration; undefined if they can. */
function whyUnknown(
  { outcome, destinationsOf, nameOf = destinationWords }: Configured,
  answers: readonly Answer[],
): string | undefined {
  if (outcome.kind === 'unknown' || outcome.kind === 'passthrough')
    return outcome.why ?? 'the configuration does not determine where the request goes';
  if (outcome.fault?.abort !== undefined && outcome.fault.abort.status === undefined)
    return 'the injected error is one of gRPC, and the requests are plain HTTP';
  if (answers.length === 0) return 'no request was answered or refused in time';
  const pods = new Set(answers.flatMap(({ pod }) => pod ?? []));
  for (const pod of pods) {
    const names = [...new Set(destinationsOf(pod).map(nameOf))];
    if (names.length > 1) return `${pod} is behind several destinations: ${names.join(', ')}`;
  }
  return undefined;
}

/** The share of each kind of answer. An injected error comes before the choice of a destination. */
function expectedShares({ outcome, nameOf = destinationWords }: Configured): Map<string, Share> {
  const shares = new Map<string, Share>();
  const add = (name: string, part: Share): void => {
    shares.set(name, share(fraction(shares.get(name) ?? '0').add(fraction(part))));
  };
  const { abort } = outcome.fault ?? {};
  const rest = fraction('1').sub(fraction(abort?.share ?? '0'));
  for (const destination of outcome.destinations ?? []) {
    const part = share(fraction(destination.share).mul(rest));
    if (fraction(part).gt(0)) add(destination.missing === undefined ? nameOf(destination) : statusName(503), part);
  }
  if (abort?.status !== undefined) add(statusName(abort.status), abort.share);
  if (outcome.kind === 'reset') add(unanswered, '1');
  else if (outcome.kind !== 'routed') add(statusName(outcome.status ?? 404), '1');
  return shares;
}

/** The answer that a proxy gives by itself. */
function statusName(status: number): string {
  return `answer ${status}`;
}

function kindOf(
  { status, pod, text, isOverflow = false }: Answer,
  { outcome, destinationsOf, nameOf = destinationWords, workloadOf = (name) => name }: Configured,
  expected: ReadonlyMap<string, Share>,
): { name: string; why?: string } {
  if (pod !== undefined) {
    const [destination] = destinationsOf(pod);
    return { name: destination === undefined ? workloadOf(pod) : nameOf(destination) };
  }
  if (status === undefined) return { name: unanswered };
  if (expected.has(statusName(status))) return { name: statusName(status) };
  const name = `${status} ${text}`.trim();
  if (isOverflow) return { name, why: 'limit of connectionPool' };
  if (status === 504 && outcome.timeout !== undefined) return { name, why: `timeout ${outcome.timeout}` };
  return { name };
}

/** An observation, formatted for people. No trailing newline. */
export function observationText(observation: Observation, seconds: number): string {
  const { route, who, from, requests, sent, rows, why } = observation;
  const counted =
    sent === requests ? `${sent} requests` : `${sent} of ${requests} requests, as ${seconds} s were over,`;
  const head = `${route}, ${counted} from ${from}, ${who}`;
  if (why !== undefined) return `${head}\n  cannot tell: ${why}`;
  const body = table(
    ['DESTINATION', 'CONFIGURED', 'OBSERVED', '99.9 % BOUND'],
    rows.flatMap((row) => [
      [
        row.destination,
        row.configured === undefined ? '-' : percent(row.configured),
        `${row.observed} (${part(row.observed, sent)})`,
        verdictWords(row, sent),
      ],
      ...Object.entries(row.workloads ?? {})
        .sort(([a], [b]) => compareStrings(a, b))
        .map(([workload, count]) => [`  ${workload}`, '', `${count} (${part(count, sent)})`, '']),
    ]),
  );
  return [head, ...body.split('\n').map((line) => `  ${line}`)].join('\n');
}

function verdictWords({ verdict, observed, bound, why, errors = {} }: Row, sent: number): string {
  const notConfigured = why === undefined ? 'not configured' : `explained by ${why}`;
  const isOpen = verdict === 'within' && bound !== undefined && observed < bound.least;
  return [
    bound === undefined ? notConfigured : `${isOpen ? 'perhaps ' : ''}${verdict} ${boundWords(bound, sent)}`,
    ...Object.entries(errors).map(([status, count]) => `the application answered ${count} of them with ${status}`),
  ].join('; ');
}

function boundWords({ least, most }: Bound, sent: number): string {
  const [from, to] = [part(least, sent), part(most, sent)];
  return from === to ? from : `${from.replace(' %', '')}–${to}`;
}

/** `91.0 %`, with one decimal. A value is shown as 0 or 100 only if it is exactly that. */
function part(count: number, total: number): string {
  const value = (100 * count) / total;
  const rounded = value.toFixed(1);
  if (rounded === '0.0' && count > 0) return '< 0.1 %';
  if (rounded === '100.0' && count < total) return '> 99.9 %';
  return `${rounded} %`;
}

/** Observations in one line each, in columns. */
export function observationLines(observations: readonly Observation[]): string[] {
  const [first, ...rest] = observations.map(({ route, who, rows, sent, verdict, why }) => {
    if (why !== undefined) return [route, who, `not observed: ${why}`, '', ''];
    const wanted = rows.filter(({ configured }) => configured !== undefined);
    const others = rows.filter(({ configured }) => configured === undefined);
    return [
      route,
      who,
      `configured ${wanted.map((row) => `${row.destination} ${percent(row.configured ?? '0')}`).join(', ')}`,
      `observed ${[...wanted, ...others].map((row) => `${row.destination} ${part(row.observed, sent)}`).join(', ')} of ${sent}`,
      verdict === 'within' ? 'within the 99.9 % bound' : outsideWords(rows, sent),
    ];
  });
  return first === undefined ? [] : table(first, rest).split('\n');
}

function outsideWords(rows: readonly Row[], sent: number): string {
  const outside = rows.filter(({ verdict }) => verdict === 'outside');
  const unexpected = rows.filter(({ verdict }) => verdict === 'unexpected');
  return [
    ...(outside.length === 0
      ? []
      : [
          `outside the 99.9 % bound: ${outside.map(({ destination, bound }) => `${destination} ${boundWords(bound ?? { least: 0, most: 0 }, sent)}`).join(', ')}`,
        ]),
    ...(unexpected.length === 0
      ? []
      : [`not configured: ${unexpected.map(({ destination }) => destination).join(', ')}`]),
  ].join('; ');
}

/** The exit code of the command. A wrong share matters more than one that could not be observed. */
export function exitCodeOf(observations: readonly Pick<Observation, 'verdict'>[]): number {
  if (observations.some(({ verdict }) => verdict === 'outside')) return exitCodes.findings;
  return observations.some(({ verdict }) => verdict === 'unknown') ? exitCodes.cannotTell : exitCodes.done;
}
