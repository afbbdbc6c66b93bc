/** Where a rule sends requests: share in percent by destination. Destinations with a share of 0 are left out. */
export type Shares = Readonly<Record<string, number>>;

export interface ServedDestination {
  host: string;
  subset?: string;
  weight: number;
}

/** Name of a destination: `host` or `host|subset`. */
function destinationName(host: string, subset = ''): string {
  return subset === '' ? host : `${host}|${subset}`;
}

/** Weights as shares: like in Envoy, a weight counts relative to the sum. */
export function sharesOf(destinations: readonly ServedDestination[]): Shares {
  const sum = destinations.reduce((total, { weight }) => total + weight, 0);
  const shares = new Map<string, number>();
  for (const { host, subset, weight } of destinations) {
    if (weight === 0) continue;
    const name = destinationName(host, subset);
    shares.set(name, (shares.get(name) ?? 0) + (weight * 100) / sum);
  }
  const rounded = [...shares].map(([name, share]): [string, number] => [name, Number(share.toFixed(3))]);
  return Object.fromEntries(rounded.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Equal for equal shares. */
export function sharesKey(shares: Shares): string {
  return JSON.stringify(shares);
}

/** `v1 90 %, v3 10 %`; a destination without a subset is named by its host. */
export function formatShares(shares: Shares): string {
  return Object.entries(shares)
    .map(([name, share]) => {
      const subset = name.split('|')[1];
      const place = subset ?? name;
      return isAction(name) ? name : `${place} ${Number(share.toFixed(1))} %`;
    })
    .join(', ');
}

/** Stands for a rule that sends requests nowhere, such as a redirect. */
export function actionShares(action: string): Shares {
  return { [`(${action})`]: 100 };
}

function isAction(name: string): boolean {
  return name.startsWith('(');
}

/**
 * The same host for all spellings of a service: a short name gets its namespace, and the domain of the mesh, which need not be known here, is cut off
 * (Istio: pkg/config/model, `ResolveShortnameToFQDN`).
 */
export function canonicalHost(host: string, namespace: string): string {
  if (!host.includes('.')) return `${host}.${namespace}.svc`;
  return /^([^.]+\.[^.]+\.svc)(\.|$)/.exec(host)?.[1] ?? host;
}
