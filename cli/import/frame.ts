import { compareStrings } from '../../mesh/collections';
import { gatewayNamespace, istioGateways } from '../../mesh/manifests/gateway-workload';
import { dnsLabel } from '../../mesh/manifests/formats';
import { defined, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { isExistingNamespace, namespaceObject } from '../../mesh/manifests/namespace';
import type { GatewaySettings, NamespaceSettings, RouteSettings, StackSettings } from '../../mesh/manifests/settings';
import { namespace as namespaceSchema } from '../../config/schema/stack-file';
import type { PolicySettings } from '../../config/schema/policy';
import { comparable } from './comparable';
import { framedGateways, isGateway, sortedByKey, sortKey, type Framed, type VerbatimObject } from './gateways';
import { framedRoutes, type FramedRoute } from './routes';
import { isDestinationRule, isVirtualService } from './routes/pairs';

/** Objects as sections of a stack file. */
export interface Frame {
  namespaces: Record<string, NamespaceSettings>;
  gateways: Record<string, GatewaySettings>;
  routes: FramedRoute[];
  /** Objects without a section, with the reason, sorted by name. */
  objects: VerbatimObject[];
  /** Gateway workloads that are not among the objects, and their assumed namespaces. */
  assumed: { workload: string; namespace: string }[];
  /** What the sections refer to and the stack does not create. */
  externals: { namespaces: string[]; gateways: string[] };
}

/** The settings of the stack file before the import. */
export interface Present {
  settings: StackSettings;
  policy: PolicySettings;
}

/**
 * Converts objects to sections. Pure; the order of the objects does not matter.
 * @param weightsOwnedBy - controllers that move the weights of VirtualServices, by `namespace/name`
 */
export function framed(
  objects: readonly KubernetesObject[],
  { settings, policy }: Present = { settings: {}, policy: {} },
  weightsOwnedBy: Readonly<Record<string, string>> = {},
): Frame {
  const domain = policy.mesh?.domain ?? 'cluster.local';
  const taken = (namespace: string): string[] => Object.keys(settings.routes?.[namespace] ?? {});
  const routing = objects.filter((object) => isVirtualService(object) || isDestinationRule(object));
  const { routes: made, verbatim } = framedRoutes(routing, domain, taken);
  const routes = made.map((route) => withOwner(route, weightsOwnedBy));
  const gateways = framedGateways(objects, settings.gateways ?? {});
  const namespaces = framedNamespaces(objects.filter(isNamespace));
  const rest = objects.filter((object) => !routing.includes(object) && !isNamespace(object) && !isGateway(object));
  const all: VerbatimObject[] = [
    ...verbatim,
    ...gateways.verbatim,
    ...namespaces.verbatim,
    ...rest.map((object) => ({ object, why: `the stack file has no section for ${object.kind}` })),
  ];
  const used = [
    ...routes.map(({ namespace }) => namespace),
    ...Object.values(gateways.settings).flatMap((gateway) => Object.keys(gateway.gateways ?? {})),
    ...all.flatMap(({ object }) => object.metadata.namespace ?? []),
  ];
  const declared = { ...settings.namespaces };
  const missing = [...new Set(used)].filter(
    (name) => name !== '' && !(name in declared) && !(name in namespaces.settings) && !isExistingNamespace(name, {}),
  );
  const existing = missing.map((name): [string, NamespaceSettings] => [name, { existing: true }]);
  const known = { ...namespaces.settings, ...Object.fromEntries(existing) };
  return {
    namespaces: sortedByKey(known),
    gateways: sortedByKey(gateways.settings),
    routes,
    objects: all.sort((a, b) => compareStrings(sortKey(a.object), sortKey(b.object))),
    assumed: Object.entries(gateways.settings)
      .filter(([name]) => !(name in (settings.gateways ?? {})) && gateways.unseen.has(name))
      .map(([workload, gateway]) => ({ workload, namespace: gatewayNamespace(gateway) })),
    externals: {
      namespaces: workloadNamespaces(gateways.settings).filter(
        (name) => !(name in known) && !(name in declared) && !isExistingNamespace(name, {}),
      ),
      gateways: foreignGateways(routes, objects, settings),
    },
  };
}

/** Adds the rollout controller that moves the weights of a route. */
function withOwner(route: FramedRoute, owners: Readonly<Record<string, string>>): FramedRoute {
  const routing = route.objects.find(isVirtualService);
  const owner = routing === undefined ? undefined : owners[`${route.namespace}/${routing.metadata.name}`];
  return owner === undefined ? route : { ...route, settings: { ...route.settings, weightsOwnedBy: owner } };
}

function isNamespace({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'Namespace' && apiVersion === 'v1';
}

function framedNamespaces(objects: readonly KubernetesObject[]): Framed<NamespaceSettings> {
  const result: Framed<NamespaceSettings> = { settings: {}, verbatim: [] };
  for (const object of objects) {
    const { name } = object.metadata;
    const settings = namespaceSettings(object);
    const isExact =
      dnsLabel.test(name) &&
      namespaceSchema.safeParse(settings).success &&
      comparable(namespaceObject(name, settings)) === comparable(object);
    if (isExact) result.settings[name] = settings;
    else result.verbatim.push({ object, why: 'it has fields that `namespaces` does not support' });
  }
  return result;
}

function namespaceSettings({ metadata }: KubernetesObject): NamespaceSettings {
  const { labels = {}, annotations } = metadata;
  const { 'istio-injection': injection, 'istio.io/rev': revision, 'istio.io/dataplane-mode': mode, ...others } = labels;
  const isSwitch = injection === 'enabled' || injection === 'disabled';
  const isRevision = revision !== undefined && injection === undefined && dnsLabel.test(revision);
  const own = {
    ...others,
    ...(injection === undefined || isSwitch ? {} : { 'istio-injection': injection }),
    ...(revision === undefined || isRevision ? {} : { 'istio.io/rev': revision }),
    ...(mode === undefined || mode === 'ambient' ? {} : { 'istio.io/dataplane-mode': mode }),
  };
  return defined({
    existing: true,
    injection: isSwitch ? injection === 'enabled' : undefined,
    revision: isRevision ? revision : undefined,
    ambient: mode === 'ambient' ? true : undefined,
    labels: Object.keys(own).length > 0 ? own : undefined,
    annotations,
  });
}

function workloadNamespaces(gateways: Record<string, GatewaySettings>): string[] {
  return [...new Set(Object.values(gateways).map(gatewayNamespace))];
}

/** Gateways that routes name, but neither the objects nor the stack file have. */
function foreignGateways(
  routes: readonly FramedRoute[],
  objects: readonly KubernetesObject[],
  { gateways = {}, objects: verbatim = [] }: StackSettings,
): string[] {
  const made = Object.entries(gateways).flatMap(([name, settings]) => istioGateways(name, settings));
  const known = new Set(
    [...objects, ...verbatim, ...made.map(({ object }) => object)]
      .filter(isGateway)
      .map(({ metadata: { namespace = 'default', name } }) => `${namespace}/${name}`),
  );
  const named = routes.flatMap(({ namespace, settings }: { namespace: string; settings: RouteSettings }) =>
    (settings.gateways ?? [])
      .filter((gateway) => gateway !== 'mesh')
      .map((gateway) => (gateway.includes('/') ? gateway : `${namespace}/${gateway}`)),
  );
  return [...new Set(named)].filter((gateway) => !known.has(gateway)).sort(compareStrings);
}
