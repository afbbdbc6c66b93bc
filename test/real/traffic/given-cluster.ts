/** An existing cluster to test, and the parts that the tests may use. */
export interface GivenCluster {
  context: string;
  /** URL to send requests to. */
  url: string;
  /** Host header of the requests, and host of the route. */
  host: string;
  namespace: string;
  service: string;
  versions: string[];
  /** Gateways of the route; `mesh` for the sidecars. */
  gateways: string[];
  /** Requests each second. */
  rate: number;
  cycles: number;
  /** Longest time that requests are sent. */
  seconds: number;
}

/**
 * Reads it from `MESHWRIGHT_CONTEXT` and the other variables (docs/zero-loss.md); undefined when that one is not set.
 * @throws Error that lists everything that is missing or wrong.
 */
export function givenCluster(env: NodeJS.ProcessEnv): GivenCluster | undefined {
  const context = env['MESHWRIGHT_CONTEXT'];
  if (context === undefined || context === '') return undefined;
  const problems: string[] = [];
  const required = (name: string, what: string, pattern: RegExp): string => {
    const value = env[name] ?? '';
    if (!pattern.test(value)) problems.push(`${name}: ${JSON.stringify(value)}; must be ${what}`);
    return value;
  };
  const number = (name: string, standard: number, most: number): number => {
    const value = Number(env[name] ?? standard);
    if (!Number.isInteger(value) || value < 1 || value > most)
      problems.push(`${name}: ${JSON.stringify(env[name])}; must be a whole number from 1 to ${most}`);
    return value;
  };
  const url = required('MESHWRIGHT_URL', 'the http URL of a gateway or a sidecar', /^http:\/\/[^\s/]+/);
  const [namespace = '', service = ''] = required(
    'MESHWRIGHT_SERVICE',
    '<namespace>/<service>, a service without a route',
    /^[^\s/]+\/[^\s/]+$/,
  ).split('/');
  const versions = required('MESHWRIGHT_VERSIONS', 'three versions that run, e.g. v1,v2,v3', /^[^\s,]+(,[^\s,]+){2}$/);
  const given: GivenCluster = {
    context,
    url,
    host: env['MESHWRIGHT_HOST'] ?? (URL.canParse(url) ? new URL(url).hostname : ''),
    namespace,
    service,
    versions: versions.split(','),
    gateways: (env['MESHWRIGHT_GATEWAYS'] ?? 'mesh').split(','),
    rate: number('MESHWRIGHT_RATE', 300, 5000),
    cycles: number('MESHWRIGHT_CYCLES', 10, 1000),
    seconds: number('MESHWRIGHT_SECONDS', 900, 3600),
  };
  if (problems.length > 0) throw new Error(['the cluster to test cannot be used', ...problems].join('\n  '));
  return given;
}
