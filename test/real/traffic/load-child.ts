import type { LoadOptions, Loaded } from './load';

/** The process that sends; `load.ts` starts it, tells it what to send, and asks for the counts. */
const failures: Loaded['failures'] = {};
const places: Loaded['places'] = {};
let requests = 0;
let began = 0;

process.once('message', (options: LoadOptions) => void send(options));

async function send({ url, host, rate, seconds, connections = 10 }: LoadOptions): Promise<void> {
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
      agentKeepAlive: true,
      timeout: 10_000,
      quiet: true,
      statusCallback: count,
    },
    report,
  );
}

/** The library gives a text for an error, whatever its types say. */
function count(error: unknown, result: { statusCode?: number; body?: string } | undefined): void {
  requests += 1;
  const status = result?.statusCode ?? 0;
  if (error !== null && error !== undefined)
    add(failures, status === 0 ? textOf(error) : `${status} ${result?.body ?? ''}`.slice(0, 200));
  else add(places, whoOf(result?.body));
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : JSON.stringify(error);
}

function whoOf(body = ''): string {
  return /"who":"([^"]*)"/.exec(body)?.[1] ?? 'nobody';
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}

function report(): void {
  const failed = Object.values(failures).reduce((sum, number) => sum + number, 0);
  const loaded: Loaded = { requests, failed, failures, places, seconds: (performance.now() - began) / 1000 };
  process.send?.(loaded, () => process.exit(0));
}
