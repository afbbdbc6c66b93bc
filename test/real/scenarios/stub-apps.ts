import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { call } from './stub-call';

/** A pod whose part a stub plays. */
export interface StubPod {
  /** Workload and number, e.g. `reviews-v1-0`. */
  name: string;
  labels: Record<string, string>;
  /** Environment of its container. */
  env: Record<string, string>;
}

export interface StubRequest {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface StubAnswer {
  status?: number;
  headers?: Record<string, string>;
  body: string;
}

type Stub = (request: StubRequest, pod: StubPod) => StubAnswer | Promise<StubAnswer>;

/** Headers that the walkthroughs' applications pass on, by name. */
function passed(headers: IncomingHttpHeaders, ...names: string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (typeof headers[name] === 'string' ? [[name, headers[name]]] : [])),
  );
}

const bookinfoPort = 9080;

/** Asks reviews twice, three seconds each. */
async function productpage({ path, headers }: StubRequest): Promise<StubAnswer> {
  if (!path.startsWith('/productpage')) return { body: 'productpage' };
  const ask = () =>
    call({
      port: bookinfoPort,
      host: 'reviews',
      path: '/reviews/0',
      headers: passed(headers, 'end-user'),
      timeout: 3_000,
    });
  const first = await ask();
  const answer = first.status === 200 ? first : await ask();
  const reviews =
    answer.status === 200 ? answer.body : 'Sorry, product reviews are currently unavailable for this book.';
  return { body: `<title>Simple Bookstore App</title> ${reviews}` };
}

/** Version 1 asks nobody; 2 waits ten seconds for ratings, 3 two and a half. */
async function reviews({ headers }: StubRequest, { labels }: StubPod): Promise<StubAnswer> {
  const version = labels['version'] ?? '';
  if (version === 'v1') return { body: 'reviews v1' };
  const timeout = version === 'v2' ? 10_000 : 2_500;
  const ratings = await call({
    port: bookinfoPort,
    host: 'ratings',
    path: '/ratings/0',
    headers: passed(headers, 'end-user'),
    timeout,
  });
  const stars = ratings.status === 200 ? ratings.body : 'Ratings service is currently unavailable';
  return { body: `reviews ${version}: ${stars}` };
}

const tutorialPort = 8080;

async function next(caller: string, host: string, headers: Record<string, string>): Promise<StubAnswer> {
  const { status, body } = await call({ port: tutorialPort, host, headers });
  return { status: status === 200 ? 200 : 503, body: `${caller} => ${status === 200 ? body : `${status} ${body}`}` };
}

let recommendations = 0;

/** By the label `app`, as the images do. */
export const stubs: Record<string, Stub> = {
  productpage,
  reviews,
  ratings: () => ({ body: 'ratings 5' }),
  details: () => ({ body: 'details' }),
  customer: ({ headers }) => {
    const agent = headers['user-agent'];
    return next('customer', 'preference', agent === undefined ? {} : { 'baggage-user-agent': agent });
  },
  preference: ({ headers }) => next('preference', 'recommendation', passed(headers, 'baggage-user-agent')),
  recommendation: (_request, { name, labels }) => ({
    body: `recommendation ${labels['version'] ?? ''} from '${name}': ${++recommendations}`,
  }),
  order: hal,
  delivery: hal,
  product: hal,
  proxy: async ({ path, headers }) => {
    // What it asks webserver for must not come back to it, or it would ask for ever.
    if (headers['host'] === 'webserver') return { status: 508, body: 'asked for webserver' };
    const { status, body } = await call({ port: 80, host: 'webserver', path });
    return { body: `Proxying value: ${body} with code ${status}` };
  },
  webserver: ({ path }, { name, env }) => ({ body: `${env['SERVERCONTNET'] ?? ''} requested from ${path} on ${name}` }),
  /** Slow enough for requests to meet. */
  httpbin: async () => {
    await delay(60);
    return { body: 'httpbin' };
  },
  /** Takes spans as Zipkin and Jaeger do. */
  collector: () => ({ status: 202, body: '' }),
  hello: (_request, { env }) => {
    const fails = Math.random() < Number(env['RANDOM_ERROR'] ?? 0);
    return { status: fails ? 503 : 200, body: `Hello server - ${env['VERSION'] ?? ''}` };
  },
};

function hal({ path }: StubRequest, { labels }: StubPod): StubAnswer {
  const app = labels['app'] ?? '';
  return { headers: { 'content-type': 'application/hal+json' }, body: JSON.stringify({ app, path }) };
}
