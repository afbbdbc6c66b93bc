import { withoutSidecar, type Addon } from './addon';
import { imageParts } from './image-parts';
import { ownsTracing } from './tracing-backend';

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
