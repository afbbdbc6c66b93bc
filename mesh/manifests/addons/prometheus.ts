import { withoutSidecar, type Addon } from './addon';
import { imageParts } from './image-parts';

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
