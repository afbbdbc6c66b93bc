import type { ChartValues, IstioSettings } from '../settings';
import type { AddonSettings, AddonsSettings } from './settings';

/** The telemetry addons, in the order in which they are installed. */
export const addonNames = ['prometheus', 'grafana', 'jaeger', 'zipkin', 'kiali'] as const;
export type AddonName = (typeof addonNames)[number];

/** What an addon's values depend on beside its own settings. */
export interface AddonContext {
  addons: AddonsSettings;
  istio: IstioSettings;
  /** Namespace of the addons. */
  namespace: string;
}

/** A telemetry addon, as a chart that its project keeps. */
export interface Addon<S extends AddonSettings = AddonSettings> {
  chart: string;
  /** The project's Helm repository. */
  repository: string;
  /** The chart version that these values were written for. */
  version: string;
  values: (settings: S, context: AddonContext) => ChartValues;
}

/** Label of pods that need no sidecar, whatever their namespace says. */
export const withoutSidecar = { 'sidecar.istio.io/inject': 'false' };

/** URL of an addon's Service inside the cluster. */
export function clusterUrl(service: string, namespace: string, port: number): string {
  return `http://${service}.${namespace}.svc.cluster.local:${port}`;
}

/** URL at which people reach an addon, when a host leads to it. */
export function publicUrl({ gateway, ingress }: AddonSettings): string | undefined {
  if (gateway !== undefined) return `${gateway.insecure === true ? 'http' : 'https'}://${gateway.host}`;
  return ingress && `${ingress.tlsSecret === undefined ? 'http' : 'https'}://${ingress.host}`;
}
