import { isHostWithin, isWildcard } from '../../mesh/model/host-name';
import { asMap, asName, asText, asTextMap, asTexts, isMap, type JsonMap } from '../../mesh/model/json';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { pushTo } from '../../mesh/model/object-index';
import { visibility, type Visibility } from '../../mesh/model/visibility';
import { oncePer } from '../../mesh/model/once-per';
import { records } from './read';

/** A DestinationRule as it is written, before istiod merges it with others. */
export interface HostRule {
  source: MeshObject;
  /** As FQDN; may be a wildcard. */
  host: string;
  subsets: WrittenSubset[];
  trafficPolicy: JsonMap | undefined;
  /** Undefined: for all workloads. A rule for some holds in its own namespace only. */
  selector: Record<string, string> | undefined;
  seenBy: Visibility;
}

export interface WrittenSubset {
  name: string;
  labels: Record<string, string>;
  trafficPolicy: JsonMap | undefined;
  /** E.g. `spec.subsets[0]`. */
  path: string;
}

/** All DestinationRules by host. */
export interface HostRules {
  all: readonly HostRule[];
  /** Rules that could apply to an FQDN somewhere: for that very host, or for a wildcard around it. */
  around(host: string): HostRule[];
  /** Rules for that very host, by host. */
  byHost: ReadonlyMap<string, readonly HostRule[]>;
  /** Namespaces that hold any. */
  namespaces: ReadonlySet<string>;
}

export const hostRules = oncePer((model: MeshModel): HostRules => {
  const all = model.objects.ofKind('DestinationRule').map((source) => hostRule(model, source));
  const byHost = new Map<string, HostRule[]>();
  for (const rule of all) pushTo(byHost, rule.host, rule);
  const wildcards = all.filter(({ host }) => isWildcard(host));
  return {
    all,
    byHost,
    namespaces: new Set(all.map(({ source }) => source.namespace)),
    around: (host) => [
      ...(isWildcard(host) ? [] : (byHost.get(host) ?? [])),
      ...wildcards.filter((rule) => isHostWithin(host, rule.host)),
    ],
  };
});

function hostRule(model: MeshModel, source: MeshObject): HostRule {
  const { spec, namespace } = source;
  const selector = isMap(spec['workloadSelector']) ? asTextMap(spec['workloadSelector']['matchLabels']) : undefined;
  return {
    source,
    host: model.resolveHost(asText(spec['host']) ?? '', namespace),
    subsets: records(spec['subsets']).flatMap(({ at, item }) => {
      const name = asName(item['name']);
      if (name === undefined) return [];
      const trafficPolicy = isMap(item['trafficPolicy']) ? asMap(item['trafficPolicy']) : undefined;
      return [{ name, labels: asTextMap(item['labels']), trafficPolicy, path: `spec.subsets[${at}]` }];
    }),
    trafficPolicy: isMap(spec['trafficPolicy']) ? spec['trafficPolicy'] : undefined,
    selector,
    seenBy: visibility(
      selector === undefined ? asTexts(spec['exportTo']) : ['.'],
      namespace,
      model.config.defaultDestinationRuleExportTo,
    ),
  };
}
