import { HostMap, resolveHost } from './hosts';
import { asList, asMap, asName, asString, asStringMap, asStrings, isMap, type JsonMap } from '../json';
import { pushTo } from '../collections';
import type { MeshConfig } from './mesh-config';
import type { MeshObject, ObjectIndex } from './objects';
import type { MeshService } from './services';
import { hasLabels } from './workload-index';

/** A subset of the rule in effect. */
export interface EffectiveSubset {
  name: string;
  labels: Record<string, string>;
  trafficPolicy: JsonMap | undefined;
  source: MeshObject;
  /** Path in the source, e.g. `spec.subsets[0]`. */
  path: string;
}

/** The DestinationRules of one host after istiod's merge: all subsets, and the first top-level policy. */
export interface EffectiveRule {
  /** Host of the rules as FQDN, perhaps a wildcard. */
  host: string;
  namespace: string;
  /** Unique by name: of two with the same name, the one in the older rule counts. */
  subsets: EffectiveSubset[];
  trafficPolicy: JsonMap | undefined;
  workloadSelector: Record<string, string> | undefined;
  /** The merged objects, oldest first. */
  from: MeshObject[];
}

interface MergedRule extends EffectiveRule {
  exportTo: ReadonlySet<string>;
}

/** Merged rules by host. */
type Rules = HostMap<MergedRule[]>;

/** The rules of one namespace, by who sees them. */
interface NamespaceRules {
  local: Rules;
  exported: Rules;
  /** Of the root namespace, those that only its own clients see. */
  rootPrivate: Rules;
}

/** DestinationRules, merged and chosen for each client as istiod 1.30 does (istio pilot/pkg/model/{destination_rule,push_context,sidecar}.go). */
export class DestinationRuleIndex {
  /** Whether some rule applies only to some workloads of its namespace. */
  readonly selectsWorkloads: boolean;
  /** By namespace. They are merged when a client or a service of the namespace is first asked for. */
  private readonly sources = new Map<string, MeshObject[]>();
  private readonly ofNamespace = new Map<string, NamespaceRules>();

  constructor(
    objects: ObjectIndex,
    private readonly config: MeshConfig,
  ) {
    const rules = objects.ofKind('DestinationRule');
    this.selectsWorkloads = rules.some(hasSelector);
    // Rules with a workloadSelector come first, so that they are never merged into the others.
    for (const source of [...rules.filter(hasSelector), ...rules.filter((rule) => !hasSelector(rule))])
      pushTo(this.sources, source.namespace, source);
  }

  /**
   * The rule in effect for a service when a client calls it: that of the client's namespace, else one that the service's namespace exports, else one of the root
   * namespace; in each the rule with the most specific host. Undefined without a rule.
   */
  forService(
    service: Pick<MeshService, 'hostname' | 'namespace'>,
    clientNamespace: string,
    clientLabels: Record<string, string> = {},
  ): EffectiveRule | undefined {
    const rules = this.candidates(service, clientNamespace);
    const ofClient = rules.find(
      (rule) =>
        rule.workloadSelector !== undefined &&
        rule.namespace === clientNamespace &&
        hasLabels(clientLabels, rule.workloadSelector),
    );
    // istiod takes the last of several without a workloadSelector.
    return ofClient ?? rules.filter((rule) => rule.workloadSelector === undefined).at(-1);
  }

  private candidates(
    { hostname, namespace }: Pick<MeshService, 'hostname' | 'namespace'>,
    client: string,
  ): MergedRule[] {
    const { local, rootPrivate } = this.rulesOf(client);
    const ownRules = mostSpecificRules(hostname, client === this.config.rootNamespace ? rootPrivate : local);
    if (ownRules !== undefined) return ownRules;
    for (const owner of [namespace, this.config.rootNamespace]) {
      const visible = (mostSpecificRules(hostname, this.rulesOf(owner).exported) ?? []).filter(
        ({ exportTo }) => exportTo.size === 0 || exportTo.has('*') || exportTo.has(client),
      );
      if (visible.length > 0) return visible;
    }
    return [];
  }

  private rulesOf(namespace: string): NamespaceRules {
    const known = this.ofNamespace.get(namespace);
    if (known !== undefined) return known;
    const rules: NamespaceRules = { local: new HostMap(), exported: new HostMap(), rootPrivate: new HostMap() };
    for (const source of this.sources.get(namespace) ?? []) this.add(rules, source);
    this.ofNamespace.set(namespace, rules);
    return rules;
  }

  private add({ local, exported, rootPrivate }: NamespaceRules, source: MeshObject): void {
    const { namespace, spec } = source;
    const exportTo = new Set(hasSelector(source) ? ['.'] : asStrings(spec['exportTo']));
    const rule = this.merged(source, exportTo);
    if (exportTo.size === 0 || exportTo.has('*') || exportTo.has('.') || exportTo.has(namespace)) {
      merge(local, rule);
    }
    const isPrivate =
      exportTo.size === 0
        ? this.config.defaultDestinationRuleExportTo.includes('.')
        : exportTo.size === 1 && (exportTo.has('.') || exportTo.has(namespace));
    if (!isPrivate) merge(exported, rule);
    else if (namespace === this.config.rootNamespace) merge(rootPrivate, rule);
  }

  private merged(source: MeshObject, exportTo: ReadonlySet<string>): MergedRule {
    const { namespace, spec } = source;
    return {
      host: resolveHost(asString(spec['host']) ?? '', namespace, this.config.domain),
      namespace,
      subsets: ownSubsets(source),
      trafficPolicy: isMap(spec['trafficPolicy']) ? spec['trafficPolicy'] : undefined,
      workloadSelector: hasSelector(source) ? asStringMap(asMap(spec['workloadSelector'])['matchLabels']) : undefined,
      from: [source],
      exportTo,
    };
  }
}

function hasSelector({ spec }: MeshObject): boolean {
  return isMap(spec['workloadSelector']);
}

function ownSubsets(source: MeshObject): EffectiveSubset[] {
  const subsets = asList(source.spec['subsets']).flatMap((value, index): EffectiveSubset[] => {
    const subset = asMap(value);
    const name = asName(subset['name']);
    if (name === undefined) return [];
    const trafficPolicy = isMap(subset['trafficPolicy']) ? subset['trafficPolicy'] : undefined;
    return [{ name, labels: asStringMap(subset['labels']), trafficPolicy, source, path: `spec.subsets[${index}]` }];
  });
  return withoutRepeatedNames(subsets);
}

function withoutRepeatedNames(subsets: EffectiveSubset[]): EffectiveSubset[] {
  const byName = new Map<string, EffectiveSubset>();
  for (const subset of subsets) if (!byName.has(subset.name)) byName.set(subset.name, subset);
  return [...byName.values()];
}

/** Merges a rule into those of its host, or adds it if they apply to other clients. */
function merge(rules: Rules, written: MergedRule): void {
  // A copy, since other rules are merged into it and the rule may be added to several lists.
  const incoming = { ...written };
  const present = rules.get(incoming.host);
  if (present === undefined) {
    rules.set(incoming.host, [incoming]);
    return;
  }
  let separate = true;
  for (const rule of present) {
    const sameClients = sameSet(rule.exportTo, incoming.exportTo);
    const widerThan = rule.exportTo.size > 0 && [...rule.exportTo].every((entry) => incoming.exportTo.has(entry));
    if (!sameClients && !widerThan) {
      separate = true;
      continue;
    }
    separate = !sameClients;
    if (rule.workloadSelector !== undefined && incoming.workloadSelector !== undefined) {
      separate = !sameLabels(rule.workloadSelector, incoming.workloadSelector);
      if (separate) continue;
    } else if (rule.workloadSelector === incoming.workloadSelector) {
      separate = false;
    }
    rule.subsets = withoutRepeatedNames([...rule.subsets, ...incoming.subsets]);
    rule.trafficPolicy ??= incoming.trafficPolicy;
    rule.from = [...rule.from, ...incoming.from];
  }
  if (separate) present.push(incoming);
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((entry) => b.has(entry));
}

function sameLabels(a: Record<string, string>, b: Record<string, string>): boolean {
  return hasLabels(a, b) && hasLabels(b, a);
}

function mostSpecificRules(hostname: string, rules: Rules): MergedRule[] | undefined {
  const host = rules.mostSpecific(hostname);
  return host === undefined ? undefined : rules.get(host);
}
