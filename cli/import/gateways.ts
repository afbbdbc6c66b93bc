import { compareStrings } from '../../mesh/collections';
import { asMap, asStringMap, same } from '../../mesh/json';
import { dnsLabel } from '../../mesh/manifests/formats';
import { gatewayPodLabels, istioGateways } from '../../mesh/manifests/gateway-workload';
import { apiGroup, defined, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { GatewaySettings, IstioGatewaySettings } from '../../mesh/manifests/settings';
import { gateway as gatewaySchema } from '../../config/schema/gateways';
import { comparable } from './comparable';
import { asKey } from './routes/pairs';

export interface VerbatimObject {
  object: KubernetesObject;
  why: string;
}

export function sortKey({ kind, apiVersion, metadata }: KubernetesObject): string {
  return [metadata.namespace ?? '', kind, apiGroup(apiVersion), metadata.name].join('\0');
}

export function sortedByKey<T>(map: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => compareStrings(a, b)));
}

/** An Istio Gateway, not one of the Gateway API. */
export function isGateway({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'Gateway' && apiGroup(apiVersion) === 'networking.istio.io';
}

export interface Framed<T> {
  settings: Record<string, T>;
  verbatim: VerbatimObject[];
}

/** Istio Gateways under the existing workloads that they select. */
export function framedGateways(
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
          : 'it has fields that `gateways` does not support';
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

/** istioctl and most charts install gateways in this namespace. */
const assumedNamespace = 'istio-system';

/** The workload of a selector: from the stack file, from the objects, or known only by its labels. */
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
