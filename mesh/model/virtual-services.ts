import { resolveGateway } from './gateways';
import { resolveHost } from './host-name';
import { asList, asMap, asName, asTexts, isMap, type JsonMap } from './json';
import type { MeshConfig } from './mesh-config';
import { mergeDelegate } from './delegation';
import { pushTo, type MeshObject, type ObjectIndex } from './object-index';
import { isVisible, visibility, type Visibility } from './visibility';

/** One entry of `http`, `tls` or `tcp`, with where it is written: a delegated one lies in another object. */
export interface SourcedRoute {
  /** The route verbatim, after the merge with the route that delegates to it. */
  route: JsonMap;
  source: MeshObject;
  /** Path in the source, e.g. `spec.http[0]`. */
  path: string;
  /** Namespace against which its short names resolve. */
  namespace: string;
}

export interface MeshVirtualService {
  name: string;
  namespace: string;
  source: MeshObject;
  /** FQDNs; empty for one that others delegate to. */
  hosts: string[];
  /** `namespace/name`, or `mesh`; never empty. */
  gateways: string[];
  seenBy: Visibility;
  /** Routes in order, delegates in their place. A route whose delegate is missing or not visible is left out, as istiod does. */
  http: SourcedRoute[];
  tls: SourcedRoute[];
  tcp: SourcedRoute[];
}

/** VirtualServices by the gateways they hold for. */
export class VirtualServiceIndex {
  /** All of them, delegates included, in creation order. */
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
   * VirtualServices for `mesh` or for a Gateway (`namespace/name`) that proxies of a namespace see: those exported to that namespace alone first, then the public
   * ones, each in creation order (istio pilot/pkg/model/push_context.go, VirtualServicesForGateway).
   */
  onGateway(gateway: string, proxyNamespace: string): MeshVirtualService[] {
    const bound = this.byGateway.get(gateway) ?? [];
    const rank = ({ seenBy, namespace }: MeshVirtualService): number =>
      seenBy === '*' ? 2 : namespace === proxyNamespace ? 0 : 1;
    return bound.filter(({ seenBy }) => isVisible(seenBy, proxyNamespace)).sort((a, b) => rank(a) - rank(b));
  }

  /** Every VirtualService bound to a gateway, whoever sees it. */
  boundTo(gateway: string): readonly MeshVirtualService[] {
    return this.byGateway.get(gateway) ?? [];
  }
}

function isDelegate({ spec }: MeshObject): boolean {
  return asTexts(spec['hosts']).length === 0;
}

function meshVirtualService(
  source: MeshObject,
  delegates: ReadonlyMap<string, MeshObject>,
  config: MeshConfig,
): MeshVirtualService {
  const { name, namespace, spec } = source;
  const gateways = asTexts(spec['gateways']);
  return {
    name,
    namespace,
    source,
    hosts: asTexts(spec['hosts']).map((host) => resolveHost(host, namespace, config.domain)),
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
  return visibility(asTexts(spec['exportTo']), namespace, config.defaultVirtualServiceExportTo);
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
