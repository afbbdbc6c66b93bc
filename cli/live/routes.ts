import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { withWeightsOf } from '../../mesh/manifests/route-weights';
import { allRouteObjects } from '../../mesh/manifests/routes';
import {
  expectedRoute,
  noRoute,
  routeVerdicts,
  formatShares,
  type MeshView,
  type MeshViewOptions,
  type ProxyVerdict,
} from '../../cluster/proxies';
import { counted } from '../../mesh/strings';
import { contextOf, labByDefault } from '../cluster';
import { UserError } from '../errors';
import { loadStack, namedRoute, type StackChoice } from '../input';
import { table } from '../output';

/** A route in the configuration, in the API server, and in the proxies. */
export interface LiveRoute {
  /** `<namespace>/<service>` */
  route: string;
  /** The configured shares, see formatShares; those of the API server if the weights belong to a controller. */
  config: string[];
  /** The controller to which its weights belong. */
  weightsOwnedBy?: string;
  /** The shares of the VirtualService in the API server; undefined when there is none. */
  api?: string[];
  proxies: ProxyVerdict[];
  /** Whether the API server has the configured shares, and no proxy lags. */
  live: boolean;
  /** Why no proxy serves it: then it is live as far as known, but not proven. */
  note?: string;
}

/** Whether every proxy that should have a route serves it, and at least one does. */
export function isProven({ live, note }: LiveRoute): boolean {
  return live && note === undefined;
}

interface Wanted {
  route: string;
  virtualService: KubernetesObject;
  weightsOwnedBy: string | undefined;
}

/** How often a route is checked again because its weights moved meanwhile. */
const weightMoves = 5;

/**
 * Compares the routes of a stack, or one of them, with its cluster. Changes nothing.
 * @throws UserError for an invalid stack file and an unknown route; ClusterError when the cluster or istiod does not answer.
 */
export async function liveRoutes(
  choice: StackChoice,
  name: string | undefined,
  flags: MeshViewOptions,
  viewOf: (options: MeshViewOptions) => MeshView,
): Promise<LiveRoute[]> {
  const { settings, file } = loadStack(choice);
  const context = contextOf(choice, { file });
  const routes = allRouteObjects(settings.routes).flatMap(({ namespace, service, virtualService }): Wanted[] =>
    virtualService === undefined
      ? []
      : [
          {
            route: `${namespace}/${service}`,
            virtualService: virtualService.object,
            weightsOwnedBy: settings.routes?.[namespace]?.[service]?.weightsOwnedBy,
          },
        ],
  );
  const wanted = chosen(routes, name);
  const { istiod, proxies } = settings.proof ?? {};
  const controlPlane = settings.istio?.namespace;
  const kubeconfig = flags.kubeconfig ?? (await labByDefault([flags.context, context, flags.istiod, istiod]));
  const mesh = viewOf({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(controlPlane === undefined ? {} : { namespace: controlPlane }),
    ...(istiod === undefined || flags.context !== undefined ? {} : { istiod }),
    ...flags,
    proxies: { ...proxies, ...flags.proxies },
  });
  return mesh.while(async () => {
    const found = await mesh.virtualServices();
    return Promise.all(wanted.map((one) => liveRoute(one, found, mesh)));
  });
}

function chosen(routes: Wanted[], name: string | undefined): Wanted[] {
  const names = routes.map(({ route }) => route);
  if (name === undefined) {
    if (routes.length === 0) throw new UserError('This stack has no routes.');
    return routes;
  }
  const found = namedRoute(name, names);
  return routes.filter(({ route }) => route === found);
}

async function liveRoute(
  { route, virtualService, weightsOwnedBy }: Wanted,
  found: readonly KubernetesObject[],
  mesh: MeshView,
  looks = 1,
): Promise<LiveRoute> {
  const there = found.find((one) => isSameObject(one, virtualService));
  const isOwned = weightsOwnedBy !== undefined && there !== undefined;
  const wanted = isOwned ? withWeightsOf(virtualService, there) : virtualService;
  const proxies = await routeVerdicts(wanted, mesh);
  if (isOwned && looks < weightMoves && proxies.some(({ state }) => state === 'lags')) {
    const now = await mesh.virtualServices();
    const moved = now.some((one) => isSameObject(one, there) && !isDeepStrictEqual(one.spec, there.spec));
    if (moved) return liveRoute({ route, virtualService, weightsOwnedBy }, now, mesh, looks + 1);
  }
  const [config, api] = [sharesOf(wanted), there === undefined ? undefined : sharesOf(there)];
  const concerned = proxies.filter(({ state, why }) => state !== 'unconcerned' && why !== noRoute);
  const live = JSON.stringify(config) === JSON.stringify(api) && proxies.every(({ state }) => state !== 'lags');
  return {
    route,
    config,
    ...(weightsOwnedBy === undefined ? {} : { weightsOwnedBy }),
    ...(api === undefined ? {} : { api }),
    proxies,
    live,
    ...(concerned.length > 0
      ? {}
      : { note: proxies.length === 0 ? 'no proxy is connected' : 'it applies to none of the connected proxies' }),
  };
}

function isSameObject({ metadata }: KubernetesObject, other: KubernetesObject): boolean {
  return metadata.namespace === other.metadata.namespace && metadata.name === other.metadata.name;
}

function sharesOf(virtualService: KubernetesObject): string[] {
  const { http, connections } = expectedRoute(virtualService);
  return [...http, ...connections].map(formatShares);
}

/** A route and its proxies as text; proxies without the route are only counted. No trailing newline. */
export function liveText({ route, config, weightsOwnedBy, api, proxies, live: is, note }: LiveRoute): string {
  const owner = weightsOwnedBy === undefined ? '' : ` (the weights belong to ${weightsOwnedBy})`;
  return [
    `${route}: ${is ? (note === undefined ? 'live' : 'unproven') : 'not live'}${note === undefined ? '' : `, ${note}`}`,
    `  config  ${config.join(' | ')}${owner}`,
    `  api     ${api === undefined ? 'has no such VirtualService' : api.join(' | ')}`,
    ...proxyLines(proxies),
  ].join('\n');
}

function proxyLines(proxies: LiveRoute['proxies']): string[] {
  const shown = proxies.filter(({ state }) => state !== 'unconcerned');
  const others = proxies.length - shown.length;
  const rows = shown.map(({ proxy, state, serves, why }) => {
    const reason = state === 'lags' || state === 'unsure' ? (why ?? '') : '';
    return [proxy, state, serves.join(' | '), reason];
  });
  // No column without reasons.
  const header = ['PROXY', 'STATE', 'SERVES', ...(rows.some(([, , , why]) => why !== '') ? ['WHY'] : [])];
  return [
    ...(rows.length === 0
      ? []
      : table(
          header,
          rows.map((row) => row.slice(0, header.length)),
        ).split('\n')),
    ...(others === 0 || shown.length === 0 ? [] : [`${counted(others, 'other')} without this route`]),
  ].map((line) => `  ${line}`);
}
