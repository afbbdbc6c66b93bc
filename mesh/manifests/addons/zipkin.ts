import { withoutSidecar, type Addon } from './addon';
import { imageParts } from './image-parts';
import { ownsTracing } from './tracing-backend';

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
