import type { ClientRequest } from 'node:http';
import type { LoadOptions, Loaded } from './load';

/** The process that sends requests; `load.ts` starts and stops it, and gets its counts. */
const failures: Loaded['failures'] = {};
const places: Loaded['places'] = {};
const lost: Loaded['lost'] = [];
/** Send times of the requests without a response yet, by path. */
const open = new Map<string, number>();
let requests = 0;
let began = 0;

/** Longest list of lost requests; more are only counted. */
const listed = 100_000;

process.once('disconnect', () => process.exit(1));
process.once('message', (options: LoadOptions) => void send(options));

async function send({ url, host, rate, seconds, connections = 10, keepAlive = true }: LoadOptions): Promise<void> {
  const { loadTest } = await import('loadtest');
  process.on('message', report);
  began = performance.now();
  process.send?.('begun');
  loadTest(
    {
      url,
      headers: { host },
      concurrency: connections,
      requestsPerSecond: rate,
      maxSeconds: seconds,
      agentKeepAlive: keepAlive,
      timeout: 10_000,
      quiet: true,
      requestGenerator: numbered,
      statusCallback: count,
    },
    report,
  );
}

type Requester = (params: object, callback: unknown) => ClientRequest;
let number = 0;

/** Each request has its own path, to find it in the access logs of the proxies. */
function numbered(_options: unknown, params: object, request: Requester, callback: unknown): ClientRequest {
  const path = `/${++number}`;
  open.set(path, Date.now());
  const sent = request({ ...params, path }, callback);
  sent.on('timeout', () => lose(path, 'no answer in time'));
  sent.on('error', (error) => lose(path, error.message));
  return sent;
}

/** Counts requests with a response; `numbered` counts the others, as it knows their paths. */
function count(error: unknown, result: { statusCode?: number; body?: string; path?: string } | undefined): void {
  requests += 1;
  const { statusCode = 0, body = '', path = '' } = result ?? {};
  if (result === undefined) return;
  if (error !== null && error !== undefined) lose(path, `${statusCode} ${body}`.slice(0, 200));
  else if (open.delete(path)) add(places, whoOf(body));
}

function lose(path: string, why: string): void {
  const at = open.get(path);
  if (at === undefined || !open.delete(path)) return;
  add(failures, why);
  if (lost.length < listed) lost.push({ path, at, milliseconds: Date.now() - at, why });
}

function whoOf(body = ''): string {
  return /"who":"([^"]*)"/.exec(body)?.[1] ?? 'nobody';
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function report(): void {
  const failed = Object.values(failures).reduce((sum, number) => sum + number, 0);
  const loaded: Loaded = { requests, failed, failures, lost, places, seconds: (performance.now() - began) / 1000 };
  process.send?.(loaded, () => process.exit(0));
}
