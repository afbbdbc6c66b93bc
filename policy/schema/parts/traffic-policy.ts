import { type FieldPlace, error, shown, when, type SchemaProblem, warning } from '../place';
import { isIpAddress, whyNoFqdn } from './hosts';
import { clientTlsProblems } from './tls';
import { portProblems, durationProblems, parseDuration, notNegative, percentProblems } from './values';

const perPort = ['outlierDetection', 'connectionPool', 'loadBalancer', 'tls'];
const whole = [...perPort, 'portLevelSettings', 'tunnel', 'proxyProtocol', 'retryBudget'];

/** The policy of a host or of a subset. */
export function trafficPolicyProblems(policy: FieldPlace): SchemaProblem[] {
  if (!policy.isSet) return [];
  if (!whole.some((field) => isWritten(policy.at(field))))
    return [error(policy, `a traffic policy needs at least one of ${whole.join(', ')}`)];
  const both = policy.at('tunnel').isSet && policy.at('proxyProtocol').isSet;
  return [
    ...when(both, () => error(policy, 'only one of tunnel and proxyProtocol can be set')),
    ...settingsProblems(policy),
    ...policy.at('portLevelSettings').items.flatMap(portPolicyProblems),
    ...tunnelProblems(policy.at('tunnel')),
  ];
}

/** An empty list counts as absent: protobuf cannot tell them apart. */
function isWritten(place: FieldPlace): boolean {
  return place.isSet && !(Array.isArray(place.value) && place.size === 0);
}

function portPolicyProblems(policy: FieldPlace): SchemaProblem[] {
  const port = policy.at('port');
  const empty = !perPort.some((field) => policy.at(field).isSet);
  return [
    ...when(!port.isSet, () => error(port, 'is required: the policy is for one port')),
    ...when(empty, () => error(policy, `the policy of a port needs at least one of ${perPort.join(', ')}`)),
    ...settingsProblems(policy),
  ];
}

/** What a host, a subset and a port can all have. */
function settingsProblems(policy: FieldPlace): SchemaProblem[] {
  return [
    ...outlierDetectionProblems(policy.at('outlierDetection')),
    ...connectionPoolProblems(policy.at('connectionPool')),
    ...loadBalancerProblems(policy.at('loadBalancer'), policy.at('outlierDetection')),
    ...clientTlsProblems(policy.at('tls')),
  ];
}

function tunnelProblems(tunnel: FieldPlace): SchemaProblem[] {
  if (!tunnel.isSet) return [];
  const { protocol, targetHost } = { protocol: tunnel.at('protocol'), targetHost: tunnel.at('targetHost') };
  const reason = isIpAddress(targetHost.text) ? undefined : whyNoFqdn(targetHost.text);
  return [
    ...when(!['', 'CONNECT', 'POST'].includes(protocol.text), () =>
      error(protocol, `${shown(protocol)} is not a tunnel; allowed are CONNECT and POST`),
    ),
    ...when(reason !== undefined, () =>
      error(targetHost, `${shown(targetHost)} is neither a host nor an IP address: ${reason ?? ''}`),
    ),
    ...portProblems(tunnel.at('targetPort')),
  ];
}

const httpLimits = [
  'http1MaxPendingRequests',
  'http2MaxRequests',
  'maxRequestsPerConnection',
  'maxRetries',
  'maxConcurrentStreams',
];

export function connectionPoolProblems(pool: FieldPlace): SchemaProblem[] {
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
    // 0 disables the timeout.
    ...(parseDuration(tcp.at('idleTimeout').text) === 0 ? [] : durationProblems(tcp.at('idleTimeout'))),
    ...['time', 'interval'].flatMap((field) => durationProblems(keepalive.at(field))),
  ];
}

/** Envoy's largest Maglev table. */
const largestTable = 5000011;

function loadBalancerProblems(settings: FieldPlace, outlierDetection: FieldPlace): SchemaProblem[] {
  if (!settings.isSet) return [];
  return [
    ...consistentHashProblems(settings.at('consistentHash')),
    ...localityProblems(settings.at('localityLbSetting'), outlierDetection),
    ...warmupProblems(settings.at('warmup')),
    ...when(settings.at('warmupDurationSecs').isSet, () =>
      warning(settings.at('warmupDurationSecs'), 'is deprecated; use warmup: {duration: …}'),
    ),
  ];
}

function consistentHashProblems(hash: FieldPlace): SchemaProblem[] {
  const { cookie, ring, maglev } = {
    cookie: hash.at('httpCookie'),
    ring: hash.at('minimumRingSize'),
    maglev: hash.at('maglev'),
  };
  const algorithm = maglev.isSet || hash.at('ringHash').isSet;
  const table = maglev.at('tableSize');
  const names = cookie.at('attributes').items.map((attribute) => attribute.at('name'));
  return [
    ...when(cookie.isSet && cookie.at('name').text === '', () => error(cookie.at('name'), 'a cookie needs a name')),
    ...names.flatMap((name, index) => [
      ...when(name.text === '', () => error(name, 'an attribute of a cookie needs a name')),
      ...when(name.text !== '' && names.findIndex(({ text }) => text === name.text) < index, () =>
        error(name, `${shown(name)} occurs twice`),
      ),
    ]),
    ...when(ring.isSet && algorithm, () => error(ring, 'cannot be set together with ringHash or maglev')),
    ...when(ring.isSet, () => warning(ring, 'is deprecated; use ringHash: {minimumRingSize: …}')),
    ...when(maglev.isSet && !(table.number < largestTable && isPrime(table.number)), () =>
      error(
        table,
        `${table.isSet ? shown(table) : 'nothing'} is not a table size; allowed are prime numbers below ${largestTable}`,
      ),
    ),
  ];
}

function warmupProblems(warmup: FieldPlace): SchemaProblem[] {
  if (!warmup.isSet) return [];
  const { duration, percent, aggression } = {
    duration: warmup.at('duration'),
    percent: warmup.at('minimumPercent'),
    aggression: warmup.at('aggression'),
  };
  return [
    ...when(!duration.isSet, () => error(duration, 'is required')),
    ...durationProblems(duration),
    ...when(percent.number > 100, () => error(percent, `${shown(percent)} is not a percentage; allowed are 0 to 100`)),
    ...when(aggression.isSet && aggression.number < 1, () =>
      error(aggression, `${shown(aggression)} is too small; allowed are numbers from 1`),
    ),
  ];
}

function isPrime(number: number): boolean {
  if (number < 2) return false;
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false;
  return true;
}

const topologyLabels = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'];

/** Where requests go by region, zone and subzone. */
function localityProblems(setting: FieldPlace, outlierDetection: FieldPlace): SchemaProblem[] {
  const { distribute, failover, priority } = {
    distribute: setting.at('distribute'),
    failover: setting.at('failover'),
    priority: setting.at('failoverPriority'),
  };
  if (distribute.size > 0 && failover.size > 0)
    return [error(setting, 'only one of distribute and failover can be set')];
  const topology = failover.size > 0 ? priority.items.filter(({ text }) => topologyLabels.includes(text)) : [];
  const failsOver = failover.size > 0 || priority.size > 0;
  return [
    ...topology.map((label) =>
      error(label, `${shown(label)} cannot be a priority together with failover, which already orders by it`),
    ),
    ...distribute.items.flatMap(distributionProblems),
    ...overlaps(distribute.items.map((one) => one.at('from'))),
    ...failover.items.flatMap(failoverProblems),
    ...when(failsOver && !outlierDetection.isSet, () =>
      warning(setting, 'failover never happens without outlierDetection, which detects failing hosts'),
    ),
  ];
}

function distributionProblems(distribution: FieldPlace): SchemaProblem[] {
  const shares = distribution.at('to').entries.map(({ place }) => place);
  const bad = shares.filter(({ number }) => !(number >= 1 && number <= 100));
  if (bad.length > 0) return bad.map((share) => error(share, `${shown(share)} is not a share; allowed are 1 to 100`));
  const sum = shares.reduce((total, { number }) => total + number, 0);
  return [
    ...when(sum !== 100, () => error(distribution.at('to'), `the shares sum to ${sum}; they must sum to 100`)),
    ...overlaps(distribution.at('to').entries.map(({ key, place }) => ({ text: key, path: place.path }))),
  ];
}

function failoverProblems(failover: FieldPlace): SchemaProblem[] {
  const { from, to } = { from: failover.at('from'), to: failover.at('to') };
  const bad = [from, to].filter(({ text }) => /[/*]/.test(text));
  return [
    ...bad.map((place) => error(place, `${shown(place)} is not a region; zones and "*" are not allowed here`)),
    ...when(from.text === to.text, () => error(failover, `from and to are the same region, ${shown(from)}`)),
  ];
}

/** Localities, `region[/zone[/subzone]]` with an optional last `*`, of which none may lie in another. */
function overlaps(places: Pick<FieldPlace, 'text' | 'path'>[]): SchemaProblem[] {
  return places.flatMap(({ text, path }, index): SchemaProblem[] => {
    const problem = (message: string): SchemaProblem[] => [
      { path, message: `"${text}" ${message}`, severity: 'error' },
    ];
    if (text.split('/').includes(''))
      return problem('is not a locality; write region, region/zone or region/zone/subzone');
    if (/\*./.test(text)) return problem('is not a locality; a "*" may only stand at the end');
    const earlier = places.slice(0, index).find((other) => isWithin(text, other.text) || isWithin(other.text, text));
    return earlier === undefined ? [] : problem(`overlaps with "${earlier.text}"`);
  });
}

function isWithin(inner: string, outer: string): boolean {
  const parts = outer
    .replace(/\/?\*$/, '')
    .split('/')
    .filter((part) => part !== '');
  return parts.every((part, index) => inner.split('/', 3)[index] === part);
}

function outlierDetectionProblems(outlier: FieldPlace): SchemaProblem[] {
  const { local, errors } = {
    local: outlier.at('consecutiveLocalOriginFailures'),
    errors: outlier.at('consecutiveErrors'),
  };
  const unsplit = local.number > 0 && !outlier.at('splitExternalLocalOriginErrors').isTrue;
  return [
    ...['baseEjectionTime', 'interval'].flatMap((field) => durationProblems(outlier.at(field))),
    ...['maxEjectionPercent', 'minHealthPercent'].flatMap((field) => percentProblems(outlier.at(field))),
    ...when(unsplit, () => error(local, 'counts only with splitExternalLocalOriginErrors: true')),
    ...when(errors.number !== 0, () =>
      warning(errors, 'is deprecated; use consecutiveGatewayErrors or consecutive5xxErrors'),
    ),
  ];
}
