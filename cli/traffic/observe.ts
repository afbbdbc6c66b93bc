import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import type { StackSettings } from '../../mesh/manifests/settings';
import type { Log } from '../../cluster/lab';
import type { Request } from '../../mesh/traffic/request';
import { trafficModel } from '../../mesh/traffic/traffic-model';
import { stackTraffic } from '../../mesh/traffic';
import { UserError, userError } from '../errors';
import { type NodeAddress, nodeStatus, type NodeStatus } from './lab-node';
import { observationLines, tally, type Answer, type Observation } from './tally';
import type { TrialChoice } from './kinds';
import { trials, type NoTrial, type Trial } from './trials';

export interface ObserveOptions {
  choice?: TrialChoice;
  /** How many requests of each kind. */
  requests: number;
  /** Time limit for all requests together, in milliseconds. */
  milliseconds: number;
  /** Called with each line of progress. */
  log?: Log;
}

/** Requests are sent from and to the lab's pods only. */
export const labIsDown = 'The lab is not up, and requests are sent there only. Bring it up with the stack: npm start';

/** Time between two progress messages, in milliseconds. */
const redraw = 200;
/** Requests under way at once. */
const parallel = 8;
/** Longest part of a proxy's own answer that is shown. */
const longestText = 100;

/**
 * Sends requests on the lab and counts the answers, kind by kind.
 * @throws UserError when the lab is down or has no pods, or the choice names something that does not exist
 */
export async function observe(
  lab: NodeAddress,
  settings: StackSettings,
  options: ObserveOptions,
): Promise<Observation[]> {
  const { choice = {}, requests, milliseconds, log } = options;
  const end = performance.now() + milliseconds;
  const node = await usableNode(lab);
  const { objects, options: meshOptions } = stackTraffic(settings);
  const all = trials(trafficModel(objects, meshOptions), settings, node, choice);
  if (all.length === 0)
    throw new UserError('No route of this stack splits its requests; name one: meshwright traffic ROUTE.');
  const possible = all.filter((one): one is Trial => !('why' in one));
  if (possible.length === 0) {
    throw userError(
      'No request can be sent:',
      (all as NoTrial[]).map(({ route, who, why }) => `${route}, ${who}: ${why}`),
    );
  }
  const observations: Observation[] = [];
  let left = possible.length;
  for (const one of all) {
    if ('why' in one) {
      observations.push({ ...one, from: '-', request: '-', requests, sent: 0, rows: [], verdict: 'unknown' });
      continue;
    }
    const now = performance.now();
    // The remaining time is shared by the remaining kinds.
    const until = now + (end - now) / left;
    left -= 1;
    const answers: Answer[] = [];
    const show = (): void => log?.rewrite?.(`${one.route}: ${answers.length} of ${requests} requests`);
    const timer = setInterval(show, redraw);
    try {
      await send(one, lab, { requests, until, take: (answer) => answers.push(answer) });
    } finally {
      clearInterval(timer);
      log?.rewrite?.('');
    }
    const { route, who, from } = one;
    const request = requestWords(one);
    observations.push({ route, who, from, request, requests, sent: answers.length, ...tally(one.configured, answers) });
  }
  return observations;
}

/**
 * The observation at the end of `npm start`: its time limit in milliseconds, and its number of requests of each kind.
 */
const glance = { requests: 200, milliseconds: 2500 };

/**
 * Observed and configured shares of a stack on the lab: a line for each kind of requests that a route splits, and none
 * if no proxy runs. Takes less than 3 s.
 * @param settings - the deployed settings
 */
export async function observedLines(lab: NodeAddress, settings: StackSettings): Promise<string[]> {
  try {
    return observationLines(await observe(lab, settings, glance));
  } catch (error) {
    // A summary must not fail because of its last lines; `meshwright traffic` reports the reason.
    if (error instanceof UserError) return [];
    throw error;
  }
}

/** @throws UserError when the lab is down, has no proxies, or has no pods */
async function usableNode(lab: NodeAddress): Promise<NodeStatus> {
  const node = await nodeStatus(lab);
  if (node === undefined) throw new UserError(labIsDown);
  if (!node.envoy)
    throw new UserError(
      'The lab runs no proxies, as this machine has no Envoy: `meshwright lab up` says how to get one.',
    );
  if (!node.pods.some(({ role, ready }) => ready && (role === 'sidecar' || role === 'gateway'))) {
    throw new UserError('The lab has no ready pod with a proxy. Deploy the stack to it: npm start');
  }
  return node;
}

interface Sending {
  requests: number;
  /** When to stop, on the clock of `performance.now()`. */
  until: number;
  take: (answer: Answer) => void;
}

/**
 * Sends requests, a few at once, until all are answered or the time is over; requests without an answer by then are not
 * counted.
 */
async function send(trial: Trial, lab: NodeAddress, { requests, until, take }: Sending): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), Math.max(0, until - performance.now()));
  const isOver = (): boolean => over.signal.aborted;
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun < requests && !isOver()) {
      begun += 1;
      const answer = await answerTo({ ...requestOptions(trial, lab), agent, signal: over.signal });
      if (isOver()) return;
      take(answer);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(parallel, requests) }, worker));
  } finally {
    clearTimeout(timer);
    agent.destroy();
  }
}

function requestOptions({ address, sender, request }: Trial, { egressPort }: NodeAddress): RequestOptions {
  const { method = 'GET', path = '/', headers = {} } = request;
  if (address !== undefined) {
    const [host, port] = [
      address.slice(0, address.lastIndexOf(':')),
      Number(address.slice(address.lastIndexOf(':') + 1)),
    ];
    return { host, port, method, path, headers };
  }
  return {
    host: '127.0.0.1',
    port: egressPort,
    method,
    path: urlOf(request),
    headers: {
      // An empty value keeps the node from adding its own name, which rules may look at.
      'user-agent': '',
      ...headers,
      host: `${request.host}:${request.port}`,
      'proxy-authorization': `Basic ${Buffer.from(`${sender ?? ''}:`).toString('base64')}`,
    },
  };
}

function urlOf({ host, port, path = '/' }: Request): string {
  return `http://${host}:${port}${path}`;
}

/** `GET http://reviews.bookinfo.svc.cluster.local:9080/`, with its headers. */
function requestWords({ address, request }: Trial): string {
  const url = address === undefined ? urlOf(request) : `http://${address}${request.path ?? '/'}`;
  const headers = Object.entries(request.headers ?? {}).map(([name, value]) => `, ${name}: ${value}`);
  return `${request.method ?? 'GET'} ${url}${headers.join('')}`;
}

function answerTo(options: RequestOptions): Promise<Answer> {
  return new Promise((resolve) => {
    const refuse = (error: Error): void => resolve({ text: error.message });
    const request = httpRequest(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', refuse);
      response.on('end', () => resolve(answerOf(response, Buffer.concat(chunks).toString())));
    });
    request.on('error', refuse);
    request.end();
  });
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, body: string): Answer {
  const [line = ''] = body.split('\n');
  const text = line.length > longestText ? `${line.slice(0, longestText - 1)}…` : line;
  const pod = headers['x-lab-pod'];
  // Envoy always sends a `server` header. Without one, lab-node answers for a connection that was closed without a response.
  if (pod === undefined && headers.server === undefined) return { text };
  return {
    status: statusCode,
    ...(typeof pod === 'string' ? { pod } : {}),
    text,
    ...(headers['x-envoy-overloaded'] === undefined ? {} : { isOverflow: true }),
  };
}
