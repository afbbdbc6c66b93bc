import {
  addonObjects,
  addonReleases,
  certManagerNamespace,
  clusterIssuer,
  clusterIssuerName,
  installedAddons,
} from './addons/addons';
import { addonsNamespace, withTracingProvider } from './addons/tracing';
import { appObjects } from './apps/app';
import { controlPlaneNamespace, controlPlaneReleases, meshPeerAuthentication } from './control-plane';
import {
  gatewayCertificate,
  gatewayIngress,
  gatewayNamespace,
  gatewayRelease,
  istioGateways,
} from './gateway-workload';
import { isExistingNamespace, namespaceObject } from './namespace';
import type { Release } from './release';
import type { Rendered } from './kubernetes';
import { allRouteObjects } from './routes';
import { memoizeByIdentity } from '../model/memoize';
import type { NamespaceSettings, StackSettings } from './settings';

/** Everything that a stack file renders to. */
export interface Mesh {
  releases: Release[];
  /** Namespaces that the stack labels but does not own. */
  existingNamespaces: Rendered[];
  /** All other objects, in the order in which to apply them: namespaces first, DestinationRules before VirtualServices. */
  objects: Rendered[];
}

/** Renders settings as releases and objects. The same settings always give the same mesh, in the same order. */
export const renderMesh = memoizeByIdentity((settings: StackSettings): Mesh => {
  const namespaces = Object.entries(meshNamespaces(settings));
  const existing = namespaces.filter(([name, namespace]) => isExistingNamespace(name, namespace));
  const owned = namespaces.filter(([name, namespace]) => !isExistingNamespace(name, namespace));
  const gateways = Object.entries(settings.gateways ?? {});
  const routes = allRouteObjects(settings.routes);
  const { istio, addons = {} } = settings;
  const { certManager } = addons;
  return {
    releases: [
      ...(istio === undefined ? [] : controlPlaneReleases(withTracingProvider(istio, addons))),
      ...gateways.flatMap(([name, gateway]) => present(gatewayRelease(name, gateway, istio))),
      ...addonReleases(addons, istio),
    ],
    existingNamespaces: existing.map(renderedNamespace),
    objects: [
      ...owned.map(renderedNamespace),
      ...(istio === undefined ? [] : present(meshPeerAuthentication(istio))),
      ...(certManager === undefined ? [] : [clusterIssuer(certManager)]),
      ...addonObjects(addons, istio, settings.gateways),
      ...Object.entries(settings.apps ?? {}).flatMap(([name, app]) => appObjects(name, app, settings.namespaces ?? {})),
      ...gateways.flatMap(([name, gateway]) => [
        ...present(gatewayCertificate(name, gateway, clusterIssuerName(certManager))),
        ...present(gatewayIngress(name, gateway)),
        ...istioGateways(name, gateway),
      ]),
      ...routes.flatMap((route) => route.destinationRules),
      ...routes.flatMap((route) => present(route.virtualService)),
      ...(settings.objects ?? []).map((object, index) => ({ object, origin: `meshwright:objects[${index}]` })),
    ],
  };
});

/** The namespaces of the stack: those of `namespaces`, and those that the control plane, gateways, addons and apps need. */
export function meshNamespaces(settings: StackSettings): Record<string, NamespaceSettings> {
  const { istio, gateways = {}, addons = {}, apps = {} } = settings;
  const needed = [
    ...(istio === undefined ? [] : [controlPlaneNamespace(istio)]),
    ...Object.values(gateways)
      .filter((gateway) => gateway.install !== false)
      .map(gatewayNamespace),
    ...neededByAddons(settings),
    ...(addons.certManager === undefined ? [] : [certManagerNamespace(addons.certManager)]),
    ...Object.values(apps).map(({ namespace }) => namespace),
  ];
  const implied = Object.fromEntries(needed.map((name): [string, NamespaceSettings] => [name, {}]));
  return { ...implied, ...settings.namespaces };
}

/** The telemetry addons' namespace, unless it belongs to a control plane that this stack does not install. */
function neededByAddons({ istio, addons = {} }: StackSettings): string[] {
  const there = istio === undefined && addons.namespace === undefined;
  return there || installedAddons(addons).length === 0 ? [] : [addonsNamespace(addons, istio)];
}

function renderedNamespace([name, settings]: [string, NamespaceSettings]): Rendered {
  return { object: namespaceObject(name, settings), origin: `meshwright:namespaces.${name}` };
}

function present<T>(value: T | undefined): T[] {
  return value === undefined ? [] : [value];
}
