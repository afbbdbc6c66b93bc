import { createServer, type IncomingMessage, type Server } from 'node:http';
import { ClusterError } from '../../cluster/api';
import { asMap, asString } from '../../mesh/json';
import { UserError } from '../errors';
import { isProven, type LiveRoute } from './routes';

/** Longest body of a request, in bytes. */
const longest = 64 * 1024;

interface Answer {
  status: number;
  body: object;
}

/**
 * Answers webhooks as Flagger sends them: is the route of this canary live? 200 if so, 503 if not, so that Flagger waits.
 * @param check - compares a route, `namespace/service`, with the proxies
 */
export function liveServer(check: (route: string) => Promise<LiveRoute[]>): Server {
  return createServer((request, response) => {
    void answerTo(request, check).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
    });
  });
}

async function answerTo(request: IncomingMessage, check: (route: string) => Promise<LiveRoute[]>): Promise<Answer> {
  // Kubernetes probes.
  if (request.method === 'GET') return { status: 200, body: { ready: true } };
  if (request.method !== 'POST') return failure(405, 'POST a webhook of Flagger');
  let route: string;
  try {
    const { name, namespace } = asMap(JSON.parse(await bodyOf(request)));
    route = `${asString(namespace) ?? ''}/${asString(name) ?? ''}`;
  } catch (error) {
    return failure(400, `the body is not JSON: ${(error as Error).message}`);
  }
  if (!/^[^/]+\/[^/]+$/.test(route)) return failure(400, 'the body must have name and namespace');
  try {
    const routes = await check(route);
    return { status: routes.every(isProven) ? 200 : 503, body: { routes } };
  } catch (error) {
    if (error instanceof ClusterError) return failure(502, error.message);
    if (error instanceof UserError) return failure(404, error.message);
    return failure(500, (error as Error).message);
  }
}

function failure(status: number, error: string): Answer {
  return { status, body: { error } };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > longest) throw new Error(`it is longer than ${longest} bytes`);
  }
  return body;
}
