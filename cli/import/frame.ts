import { compareStrings } from '../../mesh/collections';
import { asMap, asStringMap, same } from '../../mesh/json';
import { gatewayNamespace, gatewayPodLabels, istioGateways } from '../../mesh/manifests/gateway-workload';
import { dnsLabel } from '../../mesh/manifests/formats';
import { apiGroup, defined, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { isExistingNamespace, namespaceObject } from '../../mesh/manifests/namespace';
import type {
  GatewaySettings,
  IstioGatewaySettings,
  NamespaceSettings,
  RouteSettings,
  StackSettings,
} from '../../mesh/manifests/settings';
import { gateway as gatewaySchema } from '../../config/schema/gateways';
import { namespace as namespaceSchema } from '../../config/schema/stack-file';
import type { PolicySettings } from '../../config/schema/policy';
import { comparable } from './comparable';
import { asKey, framedRoutes, isDestinationRule, isVirtualService, type FramedRoute } from './routes';

/** Objects as sections of a stack file. */
export interface Frame {
  namespaces: Record<string, NamespaceSettings>;
  gateways: Record<string, GatewaySettings>;
  routes: FramedRoute[];
  /** Objects that no section makes, with the reason, in the order of their names. */
  objects: VerbatimObject[];
  /** Gateway workloads of which only the labels are known, and the namespace in which each is thought to be. */
  assumed: { workload: string; namespace: string }[];
  /** What the sections name and the stack does not make. */
  externals: { namespaces: string[]; gateways: string[] };
}

export interface VerbatimObject {
  object: KubernetesObject;
  why: string;
}

/** What the stack file has already, and the objects are added to. */
export interface Present {
  settings: StackSettings;
  policy: PolicySettings;
}

/** Turns objects into sections. Pure; the order of the objects makes no difference. */
export function framed(
  objects: readonly KubernetesObject[],
  { settings, policy }: Present = { settings: {}, policy: {} },
): Frame {
  const domain = policy.mesh?.domain ?? 'cluster.local';
  const taken = (namespace: string): string[] => Object.keys(settings.routes?.[namespace] ?? {});
  const routing = objects.filter((object) => isVirtualService(object) || isDestinationRule(object));
  const { routes, verbatim } = framedRoutes(routing, domain, taken);
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

function sortKey({ kind, apiVersion, metadata }: KubernetesObject): string {
  return [metadata.namespace ?? '', kind, apiGroup(apiVersion), metadata.name].join('\0');
}

function sortedByKey<T>(map: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => compareStrings(a, b)));
}

function isNamespace({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'Namespace' && apiVersion === 'v1';
}

/** An Istio Gateway, not one of the Gateway API. */
function isGateway({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'Gateway' && apiGroup(apiVersion) === 'networking.istio.io';
}

interface Framed<T> {
  settings: Record<string, T>;
  verbatim: VerbatimObject[];
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
    else result.verbatim.push({ object, why: 'it has fields that a namespace of the stack file cannot have' });
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

/** Istio Gateways below the workloads that they select, which exist already. */
function framedGateways(
  objects: readonly KubernetesObject[],
  present: Record<string, GatewaySettings>,
): Framed<GatewaySettings> & { unseen: Set<string> } {
  const result: Framed<GatewaySettings> = { settings: {}, verbatim: [] };
  const unseen = new Set<string>();
  const gateways = objects.filter(isGateway);
  const sorted = [...gateways].sort((a, b) => compareStrings(sortKey(a), sortKey(b)));
  for (const object of sorted) {
    const { namespace = '', name } = object.metadata;
    const selector = asStringMap(object.spec?.['selector']);
    const [workload, settings, isSeen] = workloadOf(selector, objects, { ...present, ...result.settings });
    if (!isSeen) unseen.add(workload);
    const added = result.settings[workload] ?? { ...settings, gateways: {} };
    const inNamespace = added.gateways?.[namespace] ?? {};
    const key = unused(asKey(name), { ...present[workload]?.gateways?.[namespace], ...inNamespace });
    const gatewaySettings = istioGatewaySettings(object, key, gatewayPodLabels(workload, settings));
    const one = { ...settings, gateways: { [namespace]: { [key]: gatewaySettings } } };
    const [made] = istioGateways(workload, one);
    const isExact =
      Object.keys(selector).length > 0 &&
      dnsLabel.test(workload) &&
      gatewaySchema.safeParse(one).success &&
      made !== undefined &&
      comparable(made.object) === comparable(object);
    if (!isExact) {
      const why =
        Object.keys(selector).length === 0
          ? 'it selects no gateway workload by labels'
          : 'it has fields that a gateway of the stack file cannot have';
      result.verbatim.push({ object, why });
      continue;
    }
    result.settings[workload] = {
      ...added,
      gateways: { ...added.gateways, [namespace]: { ...inNamespace, [key]: gatewaySettings } },
    };
  }
  return { ...result, unseen };
}

/** The namespace of the gateway workloads of istioctl, and of most charts. */
const assumedNamespace = 'istio-system';

/** The workload that a selector selects: one of the stack file, one among the objects, or one that is only known by its labels. */
function workloadOf(
  selector: Record<string, string>,
  objects: readonly KubernetesObject[],
  known: Record<string, GatewaySettings>,
): [string, GatewaySettings, isSeen: boolean] {
  const selected = Object.entries(known).find(([name, settings]) => same(gatewayPodLabels(name, settings), selector));
  if (selected !== undefined) return [...selected, true];
  const workload = objects.find(
    (object) =>
      ['Deployment', 'DaemonSet', 'StatefulSet'].includes(object.kind) &&
      Object.keys(selector).length > 0 &&
      Object.entries(selector).every(([key, value]) => podLabels(object)[key] === value),
  );
  const name = workload?.metadata.name ?? workloadName(selector);
  const labels = same(gatewayPodLabels(name, {}), selector) ? undefined : selector;
  const namespace = workload?.metadata.namespace ?? assumedNamespace;
  return [unused(name, known), defined({ namespace, install: false, labels }), workload !== undefined];
}

function podLabels({ spec = {} }: KubernetesObject): Record<string, string> {
  return asStringMap(asMap(asMap(spec['template'])['metadata'])['labels']);
}

function workloadName(selector: Record<string, string>): string {
  const { istio, app, ...others } = selector;
  const name = istio !== undefined ? `istio-${istio}` : (app ?? Object.values(sortedByKey(others))[0] ?? 'gateway');
  return asKey(name);
}

function unused(name: string, known: Record<string, unknown>): string {
  let free = name;
  for (let number = 2; free in known; number++) free = `${name}-${number}`;
  return free;
}

const defaultServers = [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] }];

function istioGatewaySettings(
  { apiVersion, metadata, spec = {} }: KubernetesObject,
  key: string,
  labels: Record<string, string>,
): IstioGatewaySettings {
  return defined({
    name: metadata.name === key ? undefined : metadata.name,
    apiVersion: apiVersion === 'networking.istio.io/v1' ? undefined : apiVersion,
    labels: metadata.labels,
    annotations: metadata.annotations,
    servers: same(spec['servers'], defaultServers) ? undefined : spec['servers'],
    selector: same(spec['selector'], labels) ? undefined : spec['selector'],
  }) as IstioGatewaySettings;
}

function workloadNamespaces(gateways: Record<string, GatewaySettings>): string[] {
  return [...new Set(Object.values(gateways).map(gatewayNamespace))];
}

/** Gateways that routes name, and that neither the objects nor the stack file have. */
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
