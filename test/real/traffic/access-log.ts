import { readFileSync } from 'node:fs';
import type { Child } from './child';

/** MeshConfig for access logs that {@link accessLog} can read. */
export const accessLogging = {
  accessLogFile: '/dev/stdout',
  accessLogFormat:
    'request %START_TIME(%s%3f)% %REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %UPSTREAM_CLUSTER% %UPSTREAM_HOST% %DURATION%\n',
};

/** A line of a proxy's access log. */
export interface LoggedRequest {
  /** Start of the request, in milliseconds since 1970. */
  at: number;
  path: string;
  /** 0: the client disconnected before the response. */
  status: number;
  /** Envoy's response flags, e.g. `NC` for no such cluster; `-` for none. */
  flags: string;
  /** Envoy's response code details, e.g. `via_upstream`. */
  details: string;
  cluster: string;
  host: string;
  milliseconds: number;
}

/** Requests of a proxy with {@link accessLogging}, in the order in which they ended. Envoy writes five times a second. */
export function accessLog({ log }: Child): LoggedRequest[] {
  return parseAccessLog(readFileSync(log, 'utf8'));
}

/** Other lines are left out. */
export function parseAccessLog(text: string): LoggedRequest[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('request '))
    .map((line) => {
      const [, at, path = '', status, flags = '', details = '', cluster = '', host = '', took] = line.split(' ');
      return {
        at: Number(at),
        path,
        status: Number(status),
        flags,
        details,
        cluster,
        host,
        milliseconds: Number(took),
      };
    });
}
