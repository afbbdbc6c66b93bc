import type { DestinationRuleSpec, Subset } from './istio';
import { defined, type KubernetesObject } from './kubernetes';
import { serviceObjectName, versionRuleName } from './names';
import { networkingMeta } from './object-meta';
import type { Rendered } from './rendered';
import type { RouteSettings } from './settings';
import { versionsOf, type Version } from './versions';

export interface DestinationRule extends KubernetesObject {
  kind: 'DestinationRule';
  spec: DestinationRuleSpec & Record<string, unknown>;
}

/**
 * The DestinationRules of a service. One per version, so that a version can come and go without touching the others: istiod merges all rules of a host, and the oldest one's
 * trafficPolicy is in effect, hence each carries the service's. With `destinationRule.name` one rule holds all subsets; a service without versions has a rule only for its policy.
 * @param origin - the route's key in the stack file
 */
export function destinationRules(
  namespace: string,
  service: string,
  route: RouteSettings,
  origin: string,
): Rendered<DestinationRule>[] {
  const versions = versionsOf(route);
  if (versions.length === 0 && route.trafficPolicy === undefined && route.destinationRule === undefined) return [];
  if (versions.length === 0 || route.destinationRule?.name !== undefined) {
    return [rule(namespace, serviceObjectName(service), service, route, versions, origin)];
  }
  return versions.map((version) =>
    rule(namespace, version.name ?? versionRuleName(service, version.version), service, route, [version], origin),
  );
}

function rule(
  namespace: string,
  name: string,
  service: string,
  route: RouteSettings,
  versions: Version[],
  origin: string,
): Rendered<DestinationRule> {
  const spec = defined({
    exportTo: route.destinationRule?.exportTo,
    host: route.host ?? service,
    trafficPolicy: route.trafficPolicy,
    subsets: versions.length === 0 ? undefined : versions.map(subset),
    workloadSelector: route.destinationRule?.workloadSelector,
  }) as DestinationRule['spec'];
  const keys = versions.map(({ version }, index): [string, string] => [
    `spec.subsets[${index}]`,
    `${origin}.versions.${version}`,
  ]);
  const policy: [string, string][] =
    route.trafficPolicy === undefined ? [] : [['spec.trafficPolicy', `${origin}.trafficPolicy`]];
  return {
    object: { kind: 'DestinationRule', ...networkingMeta(namespace, name, route.destinationRule), spec },
    origin,
    origins: Object.fromEntries([...keys, ...policy]),
  };
}

function subset({ version, labels, trafficPolicy }: Version): Subset {
  return { name: version, labels, ...(trafficPolicy === undefined ? {} : { trafficPolicy }) };
}
