import type { RouteObjects } from '../mesh/manifests/route-objects';

/** Share of a rule's requests in percent: version, or host where a destination names no version. */
export type Split = Record<string, number>;

/** Service → rule, by its name or its place such as `http[0]` → split. */
export type RouteSplits = Record<string, Record<string, Split>>;

interface Rule {
  name?: string;
  route?: { destination?: { host?: string; subset?: string }; weight?: number }[];
}

/** Who gets a service's requests, rule by rule, as plain numbers: what a preview shows next to the change of an object. */
export function routeSplits(routes: RouteObjects[]): RouteSplits {
  const entries = routes.flatMap(({ service, virtualService }): [string, Record<string, Split>][] => {
    if (virtualService === undefined) return [];
    const { http = [], tls = [], tcp = [] } = virtualService.object.spec;
    const rules = [...named('http', http), ...named('tls', tls), ...named('tcp', tcp)];
    return [[service, Object.fromEntries(rules)]];
  });
  return Object.fromEntries(entries);
}

function named(protocol: string, rules: Rule[]): [string, Split][] {
  return rules.flatMap(({ name, route }, index) =>
    route === undefined ? [] : [[name ?? `${protocol}[${index}]`, split(route)]],
  );
}

function split(route: NonNullable<Rule['route']>): Split {
  const shares: Split = {};
  for (const { destination = {}, weight } of route) {
    const to = destination.subset ?? destination.host ?? '';
    shares[to] = (shares[to] ?? 0) + (weight ?? (route.length === 1 ? 100 : 0));
  }
  return shares;
}
