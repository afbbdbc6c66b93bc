import type { Place } from '../place';
import { error, when, type SchemaProblem } from '../problem';
import { durationProblems, parseDuration } from './durations';
import { notNegative } from './numbers';

const httpLimits = [
  'http1MaxPendingRequests',
  'http2MaxRequests',
  'maxRequestsPerConnection',
  'maxRetries',
  'maxConcurrentStreams',
];

export function connectionPoolProblems(pool: Place): SchemaProblem[] {
  if (!pool.isSet) return [];
  const { http, tcp } = { http: pool.at('http'), tcp: pool.at('tcp') };
  const upgrades = http.at('h2UpgradePolicy').text === 'UPGRADE' && http.at('useClientProtocol').isTrue;
  const keepalive = tcp.at('tcpKeepalive');
  return [
    ...when(!http.isSet && !tcp.isSet, () => error(pool, 'a connection pool needs http or tcp')),
    ...httpLimits.flatMap((limit) => notNegative(http.at(limit))),
    ...durationProblems(http.at('idleTimeout')),
    ...when(upgrades, () =>
      error(http.at('useClientProtocol'), 'cannot be true together with h2UpgradePolicy UPGRADE'),
    ),
    ...notNegative(tcp.at('maxConnections')),
    ...['connectTimeout', 'maxConnectionDuration'].flatMap((field) => durationProblems(tcp.at(field))),
    // 0 switches the timeout off.
    ...(parseDuration(tcp.at('idleTimeout').text) === 0 ? [] : durationProblems(tcp.at('idleTimeout'))),
    ...['time', 'interval'].flatMap((field) => durationProblems(keepalive.at(field))),
  ];
}
