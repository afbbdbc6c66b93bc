import type { IstioSettings } from '../settings';
import type { ChartValues } from '../release';
import type { AddonSettings, AddonsSettings, TracingBackend } from './settings';

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

/** An image reference in the pieces that charts ask for. */
export interface ImageParts {
  /** With the registry, if there is one. */
  repository: string;
  tag?: string;
  /** e.g. `sha256:0123…` */
  digest?: string;
}

/** Takes apart a valid image reference. A colon after the last slash starts the tag; before it, a port. */
export function imageParts(image: string): ImageParts {
  const [named = '', digest] = image.split('@');
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const repository = colon < 0 ? named : named.slice(0, colon);
  return {
    repository,
    ...(colon < 0 ? {} : { tag: named.slice(colon + 1) }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The addon that spans go to; undefined when none is on. */
export function tracingBackend({ jaeger, zipkin, tracing }: AddonsSettings): TracingBackend | undefined {
  const on = [
    ...(jaeger === undefined ? [] : ['jaeger' as const]),
    ...(zipkin === undefined ? [] : ['zipkin' as const]),
  ];
  return on.find((addon) => addon === tracing?.backend) ?? on[0];
}

/** Whether the Services `tracing` and `zipkin` lead to this addon. */
export function ownsTracing(addon: TracingBackend, addons: AddonsSettings): boolean {
  return tracingBackend(addons) === addon;
}

export const prometheusPort = 9090;

/**
 * Prometheus alone: the mesh's metrics need none of the chart's exporters. It scrapes pods by the annotations that Istio's injector sets.
 * https://istio.io/latest/docs/ops/integrations/prometheus/
 */
export const prometheus: Addon = {
  chart: 'prometheus',
  repository: 'https://prometheus-community.github.io/helm-charts',
  version: '29.27.0',
  values: ({ image, service }) => ({
    alertmanager: { enabled: false },
    'kube-state-metrics': { enabled: false },
    'prometheus-node-exporter': { enabled: false },
    'prometheus-pushgateway': { enabled: false },
    server: {
      fullnameOverride: 'prometheus',
      podLabels: withoutSidecar,
      persistentVolume: { enabled: false },
      global: { scrape_interval: '15s' },
      service: { ...service, servicePort: prometheusPort },
      image: image === undefined ? undefined : imageParts(image),
    },
  }),
};

export const jaegerUiPort = 16686;
export const jaegerQueryPort = 16685;

/** Labels of the chart's pods, for Services of our own. */
export const jaegerPods = {
  'app.kubernetes.io/name': 'jaeger',
  'app.kubernetes.io/instance': 'jaeger',
  'app.kubernetes.io/component': 'all-in-one',
};

/** Jaeger in one process, traces in memory. https://istio.io/latest/docs/ops/integrations/jaeger/ */
export const jaeger: Addon = {
  chart: 'jaeger',
  repository: 'https://jaegertracing.github.io/helm-charts',
  version: '4.11.1',
  values: ({ image, service }, { addons }) => ({
    jaeger: {
      podLabels: withoutSidecar,
      image: image === undefined ? undefined : imageParts(image),
      // With the Services `tracing` and `zipkin` come type and annotations; else the chart's Service is the way in.
      service: ownsTracing('jaeger', addons) ? undefined : { type: service?.type, annotations: service?.annotations },
    },
  }),
};

export const zipkinPort = 9411;

/** The chart names its Service like its Deployment; the name `zipkin` is kept for the Service that may lead to Jaeger. */
export const zipkinServer = 'zipkin-server';

/** Labels of the chart's pods, for Services of our own. */
export const zipkinPods = { 'app.kubernetes.io/name': 'zipkin', 'app.kubernetes.io/instance': 'zipkin' };

/** Zipkin, traces in memory. https://istio.io/latest/docs/ops/integrations/zipkin/ */
export const zipkin: Addon = {
  chart: 'zipkin',
  repository: 'https://zipkin.io/zipkin-helm',
  version: '0.4.0',
  values: ({ image, service }, { addons }) => {
    const parts = image === undefined ? undefined : imageParts(image);
    return {
      fullnameOverride: zipkinServer,
      // The chart has no labels for pods; the injector heeds the annotation too.
      podAnnotations: withoutSidecar,
      image: { repository: parts?.repository, tag: parts?.tag },
      service: ownsTracing('zipkin', addons) ? undefined : { type: service?.type, annotations: service?.annotations },
    };
  },
};
