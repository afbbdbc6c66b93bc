import { pushTo } from '../../mesh/collections';
import { asStrings, indexedMaps } from '../../mesh/json';
import { resolveGateway, serverHosts } from '../../mesh/model/gateways';
import { hostsOverlap } from '../../mesh/model/hosts';
import { knownGatewayWorkloads } from '../model/clients';
import { isVisible, type Visibility } from '../../mesh/model/mesh-config';
import type { MeshModel, MeshVirtualService, SourcedRoute } from '../../mesh/model/mesh-model';
import { type MatchCondition, CoverageIndex, covers } from '../model/coverage';
import { isOnMesh } from '../model/routes';
import type { CheckOptions, Rule, Violation } from '../rule';

/**
 * In the mesh only one VirtualService per host applies, so two that are visible in the same namespace conflict. At a
 * gateway istiod merges them, oldest first, so only rules that match the same requests conflict. A wildcard beside a
 * more specific host is not a conflict.
 */
export const vsHostConflict: Rule = {
  id: 'vs-host-conflict',
  level: 'mandatory',
  title: 'one VirtualService per host; at a gateway, rules that do not overlap',
  istio: ['IST0109'],
  kiali: ['KIA1106'],
  single: false,
  docs: {
    why: 'If two VirtualServices have one host in the mesh, sidecars use the older one and ignore the other. At a gateway their rules are ordered by age, so the older object decides.',
    bad: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews, subset: v1 } }] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews-canary, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews, subset: v2 } }] }]
`,
    good: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - match: [{ headers: { canary: { exact: "true" } } }]
      route: [{ destination: { host: reviews, subset: v2 } }]
    - route: [{ destination: { host: reviews, subset: v1 } }]
`,
    fix: 'Put the rules of a host into one VirtualService; pieces of it may live apart as delegates. At a gateway give each its own paths.',
  },
  check: (model, options) => [...meshConflicts(model), ...gatewayConflicts(model, options)],
};

function meshConflicts(model: MeshModel): Violation[] {
  const byHost = new Map<string, MeshVirtualService[]>();
  for (const virtualService of model.virtualServices.all.filter(isOnMesh)) {
    for (const host of new Set(virtualService.hosts)) pushTo(byHost, host, virtualService);
  }
  return [...byHost].flatMap(([host, bound]) =>
    bound.flatMap((virtualService) => {
      const rivals = bound.filter(
        (other) => !isSame(other, virtualService) && meet(other.seenBy, virtualService.seenBy),
      );
      if (rivals.length === 0) return [];
      const message = `host ${host} is also routed by ${titles(rivals)} in the mesh; sidecars use one of them and ignore the rest. Put the rules into one VirtualService`;
      return [{ object: virtualService.source.object, path: hostPath(virtualService, host), message }];
    }),
  );
}

/** Whether some namespace sees both. */
function meet(a: Visibility, b: Visibility): boolean {
  if (a === '~' || b === '~') return false;
  if (a === '*' || b === '*') return true;
  return [...a].some((namespace) => b.has(namespace));
}

/** A match of a rule at a gateway. */
interface Claim {
  virtualService: MeshVirtualService;
  route: SourcedRoute;
  condition: MatchCondition;
}

function gatewayConflicts(model: MeshModel, options: CheckOptions): Violation[] {
  return [...bindings(model, options)].flatMap(([key, bound]) => {
    if (bound.length < 2) return [];
    const [gateway = '', host = ''] = key.split(' ');
    const rivals = contenders(bound.flatMap((virtualService) => claimsOf(virtualService, gateway)));
    return [...rivals].map(([{ route }, others]) => {
      const names = titles([...new Set(others.map(({ virtualService }) => virtualService))]);
      const place = others[0]?.route.path ?? '';
      const message = `${names} (${place}) takes the same requests for host ${host} at gateway ${gateway}; which of the two gets them depends on the age of the objects. Put the rules into one VirtualService, or give each its own paths`;
      return { object: route.source.object, path: route.path, message };
    });
  });
}

/**
 * Claims that cover a claim of another VirtualService, or are covered by one. istiod moves rules for everything to the
 * end, so these conflict only with each other.
 */
function contenders(claims: readonly Claim[]): Map<Claim, Claim[]> {
  const found = new Map<Claim, Claim[]>();
  for (const group of [claims.filter(isCatchAll), claims.filter((claim) => !isCatchAll(claim))]) {
    const index = new CoverageIndex<Claim>('http');
    for (const claim of group) index.add(claim.condition, claim);
    for (const claim of group) {
      for (const other of index.covering(claim.condition)) {
        if (isSame(other.virtualService, claim.virtualService)) continue;
        pushTo(found, claim, other);
        pushTo(found, other, claim);
      }
    }
  }
  return found;
}

/** VirtualServices by `gateway host`, where the gateway's pods see them and its servers serve the host to their namespace. */
function bindings(model: MeshModel, options: CheckOptions): Map<string, MeshVirtualService[]> {
  const found = new Map<string, MeshVirtualService[]>();
  for (const virtualService of model.virtualServices.all) {
    for (const id of new Set(virtualService.gateways)) {
      if (id === 'mesh') continue;
      const gateway = model.gateways.resolve(id, virtualService.namespace);
      const pods = gateway === undefined ? [] : knownGatewayWorkloads(model, options, gateway);
      if (pods.length > 0 && !pods.some(({ namespace }) => isVisible(virtualService.seenBy, namespace))) continue;
      const served = gateway?.servers.flatMap((server) =>
        serverHosts(server, gateway.namespace, virtualService.namespace),
      );
      for (const host of new Set(virtualService.hosts)) {
        if (served === undefined || served.some((other) => hostsOverlap(host, other)))
          pushTo(found, `${id} ${host}`, virtualService);
      }
    }
  }
  return found;
}

/** Whether two are the same object, given twice. */
function isSame(a: MeshVirtualService, b: MeshVirtualService): boolean {
  return a.namespace === b.namespace && a.name === b.name;
}

function claimsOf(virtualService: MeshVirtualService, gateway: string): Claim[] {
  return virtualService.http.flatMap((route) => {
    const matches = indexedMaps(route.route['match']).map(({ item }) => item);
    return (matches.length === 0 ? [{}] : matches).flatMap((match) => {
      const named = asStrings(match['gateways']).map((written) => resolveGateway(written, route.namespace));
      if (named.length > 0 && !named.includes(gateway)) return [];
      const atGateway = { ...match, gateways: [] };
      return [
        { virtualService, route, condition: { match: atGateway, gateways: [gateway], namespace: route.namespace } },
      ];
    });
  });
}

function isCatchAll({ condition }: Claim): boolean {
  return covers('http', condition, { ...condition, match: {} });
}

function hostPath({ source }: MeshVirtualService, host: string): string {
  const hosts = source.spec['hosts'];
  const at = Array.isArray(hosts)
    ? hosts.findIndex((written) => written === host || host.startsWith(`${String(written)}.`))
    : -1;
  return at < 0 ? 'spec.hosts' : `spec.hosts[${at}]`;
}

function titles(virtualServices: readonly MeshVirtualService[]): string {
  const names = virtualServices.map(({ namespace, name }) => `VirtualService ${namespace}/${name}`).sort();
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(' and ');
}
