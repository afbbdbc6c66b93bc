import type { IstioSettings } from '../settings';
import type { ChartValues } from '../release';
import type { AddonSettings, AddonsSettings, TracingBackend } from './settings';

/** The telemetry addons in order of installation. */
export const addonNames = ['prometheus', 'grafana', 'jaeger', 'zipkin', 'kiali'] as const;
export type AddonName = (typeof addonNames)[number];

/** Everything that an addon's values depend on, besides its own settings. */
export interface AddonContext {
  addons: AddonsSettings;
  istio: IstioSettings;
  /** Namespace of the addons. */
  namespace: string;
}

/** The Helm chart of a telemetry addon. */
export interface Addon<S extends AddonSettings = AddonSettings> {
  chart: string;
  /** Helm repository of the addon's project. */
  repository: string;
  /** Chart version that the values are written for. */
  version: string;
  values: (settings: S, context: AddonContext) => ChartValues;
}

/** Label of pods that get no sidecar, even in a namespace with injection. */
export const withoutSidecar = { 'sidecar.istio.io/inject': 'false' };

/** URL of an addon's Service inside the cluster. */
export function clusterUrl(service: string, namespace: string, port: number): string {
  return `http://${service}.${namespace}.svc.cluster.local:${port}`;
}

/** URL of an addon from outside the cluster, when it has a gateway or an Ingress. */
export function publicUrl({ gateway, ingress }: AddonSettings): string | undefined {
  if (gateway !== undefined) return `${gateway.insecure === true ? 'http' : 'https'}://${gateway.host}`;
  return ingress && `${ingress.tlsSecret === undefined ? 'http' : 'https'}://${ingress.host}`;
}

/** The parts of an image reference, for charts that take them separately. */
export interface ImageParts {
  /** Includes the registry, if any. */
  repository: string;
  tag?: string;
  /** e.g. `sha256:0123…` */
  digest?: string;
}

/** Splits a valid image reference. A colon after the last slash starts the tag, one before it a port. */
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

/** The addon that receives spans; undefined when none is enabled. */
export function tracingBackend({ jaeger, zipkin, tracing }: AddonsSettings): TracingBackend | undefined {
  const on = [
    ...(jaeger === undefined ? [] : ['jaeger' as const]),
    ...(zipkin === undefined ? [] : ['zipkin' as const]),
  ];
  return on.find((addon) => addon === tracing?.backend) ?? on[0];
}

/** Whether the Services `tracing` and `zipkin` select this addon's pods. */
export function ownsTracing(addon: TracingBackend, addons: AddonsSettings): boolean {
  return tracingBackend(addons) === addon;
}

export const prometheusPort = 9090;

/**
 * Prometheus without the chart's exporters, which the mesh's metrics do not need. It scrapes pods by the annotations that Istio's injector sets.
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

/** Labels of the chart's pods, which our own Services select. */
export const jaegerPods = {
  'app.kubernetes.io/name': 'jaeger',
  'app.kubernetes.io/instance': 'jaeger',
  'app.kubernetes.io/component': 'all-in-one',
};

/** Jaeger as one process with traces in memory. https://istio.io/latest/docs/ops/integrations/jaeger/ */
export const jaeger: Addon = {
  chart: 'jaeger',
  repository: 'https://jaegertracing.github.io/helm-charts',
  version: '4.11.1',
  values: ({ image, service }, { addons }) => ({
    jaeger: {
      podLabels: withoutSidecar,
      image: image === undefined ? undefined : imageParts(image),
      // When Jaeger owns the Service `tracing`, type and annotations apply to that one.
      service: ownsTracing('jaeger', addons) ? undefined : { type: service?.type, annotations: service?.annotations },
    },
  }),
};

export const zipkinPort = 9411;

/** The chart gives its Service the name of its Deployment. The name `zipkin` stays free for the Service that may select Jaeger. */
export const zipkinServer = 'zipkin-server';

/** Labels of the chart's pods, which our own Services select. */
export const zipkinPods = { 'app.kubernetes.io/name': 'zipkin', 'app.kubernetes.io/instance': 'zipkin' };

/** Zipkin with traces in memory. https://istio.io/latest/docs/ops/integrations/zipkin/ */
export const zipkin: Addon = {
  chart: 'zipkin',
  repository: 'https://zipkin.io/zipkin-helm',
  version: '0.4.0',
  values: ({ image, service }, { addons }) => {
    const parts = image === undefined ? undefined : imageParts(image);
    return {
      fullnameOverride: zipkinServer,
      // The chart cannot label pods, but the injector also reads the annotation.
      podAnnotations: withoutSidecar,
      image: { repository: parts?.repository, tag: parts?.tag },
      service: ownsTracing('zipkin', addons) ? undefined : { type: service?.type, annotations: service?.annotations },
    };
  },
};
