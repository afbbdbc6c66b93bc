import { observed } from '../../mesh/traffic/generated/expected';
import type { Request } from '../../../mesh/traffic/request';
import { send, type Answer } from '../traffic/client';

/** Sends a request several times, and counts the observations. */
export async function observe(request: Request, times: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let sent = 0; sent < times; sent += 10) {
    const batch = Array.from({ length: Math.min(10, times - sent) }, () => send(sentRequest(request)));
    for (const answer of await Promise.all(batch)) {
      const text = observation(answer);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return counts;
}

function sentRequest({ host, port, method = 'GET', path = '/', headers = {} }: Request): Parameters<typeof send>[0] {
  return { port, method, path, headers: { ...headers, host } };
}

function observation({ status, headers, body, seen }: Answer): string {
  if (seen !== undefined) {
    return observed(seen.who, seen.authority, seen.path, seen.headers, headers['x-answer'] as string | undefined);
  }
  if (headers.location !== undefined) return `${status} ${headers.location}`;
  return `${status} ${body === 'direct' ? body : ''}`.trim();
}
