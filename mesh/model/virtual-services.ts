import { resolveGateway } from './gateways';
import { resolveHost } from './hosts';
import {
  asList,
  asMap,
  asName,
  asNumber,
  asString,
  asStringMap,
  asStrings,
  isMap,
  type JsonMap,
  without,
} from '../json';
import { isVisible, type MeshConfig, visibility, type Visibility } from './mesh-config';
import type { MeshObject, ObjectIndex } from './objects';
import { pushTo } from '../collections';

/** An entry of `http`, `tls` or `tcp` and its place, which is in another object for a delegated one. */
export interface SourcedRoute {
  /** The route verbatim, after the merge with the route that delegates to it. */
  route: JsonMap;
  source: MeshObject;
  /** Path in the source, e.g. `spec.http[0]`. */
  path: string;
  /** Namespace of its short names. */
  namespace: string;
}

export interface MeshVirtualService {
  name: string;
  namespace: string;
  source: MeshObject;
  /** FQDNs; empty for a delegate. */
  hosts: string[];
  /** `namespace/name`, or `mesh`; never empty. */
  gateways: string[];
  seenBy: Visibility;
  /** Routes in order, with delegates merged in place. A route whose delegate is missing or not visible is left out, as in istiod. */
  http: SourcedRoute[];
  tls: SourcedRoute[];
  tcp: SourcedRoute[];
}

/** VirtualServices by gateway. */
export class VirtualServiceIndex {
  /** All VirtualServices, delegates included, in creation order. */
  readonly all: readonly MeshVirtualService[];
  private readonly byGateway = new Map<string, MeshVirtualService[]>();

  constructor(objects: ObjectIndex, config: MeshConfig) {
    const sources = objects.ofKind('VirtualService');
    const delegates = new Map(
      sources.filter(isDelegate).map((source) => [`${source.namespace}/${source.name}`, source] as const),
    );
    this.all = sources.map((source) => meshVirtualService(source, delegates, config));
    for (const virtualService of this.all) {
      if (virtualService.hosts.length === 0) continue;
      for (const gateway of new Set(virtualService.gateways)) pushTo(this.byGateway, gateway, virtualService);
    }
  }

  /**
   * VirtualServices of `mesh` or of a Gateway (`namespace/name`) that proxies of a namespace see: first those exported to this namespace, then the public ones, each
   * in creation order (istio pilot/pkg/model/push_context.go, VirtualServicesForGateway).
   */
  onGateway(gateway: string, proxyNamespace: string): MeshVirtualService[] {
    const bound = this.byGateway.get(gateway) ?? [];
    const rank = ({ seenBy, namespace }: MeshVirtualService): number =>
      seenBy === '*' ? 2 : namespace === proxyNamespace ? 0 : 1;
    return bound.filter(({ seenBy }) => isVisible(seenBy, proxyNamespace)).sort((a, b) => rank(a) - rank(b));
  }

  /** Every VirtualService bound to a gateway, regardless of exportTo. */
  boundTo(gateway: string): readonly MeshVirtualService[] {
    return this.byGateway.get(gateway) ?? [];
  }
}

function isDelegate({ spec }: MeshObject): boolean {
  return asStrings(spec['hosts']).length === 0;
}

function meshVirtualService(
  source: MeshObject,
  delegates: ReadonlyMap<string, MeshObject>,
  config: MeshConfig,
): MeshVirtualService {
  const { name, namespace, spec } = source;
  const gateways = asStrings(spec['gateways']);
  return {
    name,
    namespace,
    source,
    hosts: asStrings(spec['hosts']).map((host) => resolveHost(host, namespace, config.domain)),
    gateways: gateways.length === 0 ? ['mesh'] : gateways.map((gateway) => resolveGateway(gateway, namespace)),
    seenBy: seenBy(source, config),
    http: sourcedRoutes(source, 'http').flatMap((route) =>
      isMap(route.route['delegate']) && !isDelegate(source) ? delegated(route, delegates, config) : [route],
    ),
    tls: sourcedRoutes(source, 'tls'),
    tcp: sourcedRoutes(source, 'tcp'),
  };
}

function seenBy({ spec, namespace }: MeshObject, config: MeshConfig): Visibility {
  return visibility(asStrings(spec['exportTo']), namespace, config.defaultVirtualServiceExportTo);
}

function sourcedRoutes(source: MeshObject, protocol: 'http' | 'tls' | 'tcp'): SourcedRoute[] {
  return asList(source.spec[protocol]).flatMap((route, index) =>
    isMap(route) ? [{ route, source, path: `spec.${protocol}[${index}]`, namespace: source.namespace }] : [],
  );
}

function delegated(root: SourcedRoute, delegates: ReadonlyMap<string, MeshObject>, config: MeshConfig): SourcedRoute[] {
  const reference = asMap(root.route['delegate']);
  const namespace = asName(reference['namespace']) ?? root.namespace;
  const delegate = delegates.get(`${namespace}/${asName(reference['name']) ?? ''}`);
  if (delegate === undefined || !isVisible(seenBy(delegate, config), root.namespace)) return [];
  return sourcedRoutes(delegate, 'http').flatMap((leaf) => {
    const route = mergeDelegate(root, leaf);
    return route === undefined ? [] : [{ ...leaf, route }];
  });
}

/** Fields that a delegate's route inherits from the root's route unless it has its own. */
const inherited = [
  'rewrite',
  'directResponse',
  'timeout',
  'retries',
  'fault',
  'mirror',
  'mirrorPercent',
  'mirrorPercentage',
  'corsPolicy',
  'mirrors',
  'headers',
] as const;

/**
 * A route of a delegate merged with the route that delegates to it; undefined when their conditions contradict each other, in which case istiod drops the route
 * (istio pilot/pkg/model/virtualservice.go, mergeHTTPRoute).
 */
function mergeDelegate(root: SourcedRoute, leaf: SourcedRoute): JsonMap | undefined {
  const rootMatches = matches(root);
  const leafMatches = matches(leaf);
  const merged = mergeMatches(rootMatches, leafMatches);
  if (merged === undefined) return undefined;
  const { route } = leaf;
  const fromRoot = Object.fromEntries(
    inherited
      .filter((field) => route[field] === undefined && root.route[field] !== undefined)
      .map((field) => [field, root.route[field]]),
  );
  return {
    ...fromRoot,
    ...without(route, 'match'),
    ...(merged.length === 0 ? {} : { match: merged }),
    name: joinedName(root.route['name'], route['name']),
  };
}

/** Matches with resolved gateways, since the two objects may be in different namespaces. */
function matches({ route, namespace }: SourcedRoute): JsonMap[] {
  return asList(route['match'])
    .filter(isMap)
    .map((match) =>
      match['gateways'] === undefined
        ? match
        : { ...match, gateways: asStrings(match['gateways']).map((gateway) => resolveGateway(gateway, namespace)) },
    );
}

function mergeMatches(roots: JsonMap[], leaves: JsonMap[]): JsonMap[] | undefined {
  if (roots.length === 0) return leaves;
  if (leaves.length === 0) return roots;
  const merged: JsonMap[] = [];
  for (const leaf of leaves) {
    const compatible = roots.filter((root) => !conflicts(root, leaf));
    if (compatible.length === 0) return undefined;
    merged.push(...compatible.map((root) => mergeMatch(root, leaf)));
  }
  return merged;
}

function mergeMatch(root: JsonMap, leaf: JsonMap): JsonMap {
  const maps = ['headers', 'withoutHeaders', 'queryParams', 'sourceLabels'].map((field): [string, JsonMap] => [
    field,
    { ...asMap(root[field]), ...asMap(leaf[field]) },
  ]);
  return {
    ...root,
    ...leaf,
    ...Object.fromEntries(maps.filter(([, map]) => Object.keys(map).length > 0)),
    name: joinedName(root['name'], leaf['name']),
  };
}

function joinedName(root: unknown, leaf: unknown): string {
  const [rootName, leafName] = [asName(root), asName(leaf)];
  return rootName !== undefined && leafName !== undefined ? `${rootName}-${leafName}` : (leafName ?? rootName ?? '');
}

function conflicts(root: JsonMap, leaf: JsonMap): boolean {
  if (['uri', 'scheme', 'method', 'authority'].some((field) => stringConflict(root[field], leaf[field]))) return true;
  for (const field of ['headers', 'withoutHeaders', 'queryParams']) {
    const outer = asMap(root[field]);
    if (Object.entries(asMap(leaf[field])).some(([key, value]) => stringConflict(outer[key], value))) return true;
  }
  if ((root['ignoreUriCase'] === true) !== (leaf['ignoreUriCase'] === true)) return true;
  const [rootPort, leafPort] = [asNumber(root['port']) ?? 0, asNumber(leaf['port']) ?? 0];
  if (rootPort > 0 && leafPort > 0 && rootPort !== leafPort) return true;
  const rootNamespace = asName(root['sourceNamespace']);
  if (rootNamespace !== undefined && rootNamespace !== asString(leaf['sourceNamespace'])) return true;
  const rootLabels = asStringMap(root['sourceLabels']);
  if (Object.entries(asStringMap(leaf['sourceLabels'])).some(([key, value]) => (rootLabels[key] ?? value) !== value))
    return true;
  const [rootGateways, leafGateways] = [asStrings(root['gateways']), asStrings(leaf['gateways'])];
  return rootGateways.length > 0 && leafGateways.some((gateway) => !rootGateways.includes(gateway));
}

/** Whether `leaf` is not clearly narrower than `root`. istiod treats any regex as a conflict. */
function stringConflict(root: unknown, leaf: unknown): boolean {
  if (!isMap(root) || !isMap(leaf)) return false;
  const [outer, inner] = [root, leaf].map((match) => ({
    exact: asName(match['exact']),
    prefix: asName(match['prefix']),
    regex: asName(match['regex']),
  })) as [StringCondition, StringCondition];
  if (outer.regex !== undefined || inner.regex !== undefined) return true;
  if (outer.exact !== undefined) return inner.exact !== outer.exact;
  if (outer.prefix !== undefined) return !(inner.prefix ?? inner.exact ?? '').startsWith(outer.prefix);
  return true;
}

interface StringCondition {
  exact: string | undefined;
  prefix: string | undefined;
  regex: string | undefined;
}
