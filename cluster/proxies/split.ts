/** Where a rule sends its requests: destination → share in percent. Destinations without a share are left out. */
export type Split = Readonly<Record<string, number>>;

/** A place to send requests to. */
export interface Place {
  host: string;
  subset?: string;
  weight: number;
}

/** Name of a destination: `host` or `host|subset`. */
export function destinationName(host: string, subset = ''): string {
  return subset === '' ? host : `${host}|${subset}`;
}

/** Shares of weights, which count relative to their sum, as Envoy takes them. */
export function splitOf(places: readonly Place[]): Split {
  const sum = places.reduce((total, { weight }) => total + weight, 0);
  const shares = new Map<string, number>();
  for (const { host, subset, weight } of places) {
    if (weight === 0) continue;
    const name = destinationName(host, subset);
    shares.set(name, (shares.get(name) ?? 0) + (weight * 100) / sum);
  }
  const rounded = [...shares].map(([name, share]): [string, number] => [name, Number(share.toFixed(3))]);
  return Object.fromEntries(rounded.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same text for the same split. */
export function splitKey(split: Split): string {
  return JSON.stringify(split);
}

/** `v1 90 %, v3 10 %`; a destination without a version goes by its host. */
export function splitText(split: Split): string {
  return Object.entries(split)
    .map(([name, share]) => {
      const subset = name.split('|')[1];
      const place = subset ?? name;
      return isAction(name) ? name : `${place} ${Number(share.toFixed(1))} %`;
    })
    .join(', ');
}

/** What a rule does that sends nothing anywhere, as a split of its own. */
export function actionSplit(action: string): Split {
  return { [`(${action})`]: 100 };
}

function isAction(name: string): boolean {
  return name.startsWith('(');
}

/**
 * A host in the form in which two spellings of one service are equal: a short name is one of the namespace, and the mesh's domain, which need not be known here, is cut off
 * (Istio: pkg/config/model, `ResolveShortnameToFQDN`).
 */
export function canonicalHost(host: string, namespace: string): string {
  if (!host.includes('.')) return `${host}.${namespace}.svc`;
  return /^([^.]+\.[^.]+\.svc)(\.|$)/.exec(host)?.[1] ?? host;
}
