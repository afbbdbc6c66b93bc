import { controlPlaneNamespace } from '../control-plane';
import { clusterUrl, publicUrl, withoutSidecar, type Addon, type AddonContext } from './addon';
import { grafanaPort, grafanaSecret } from './grafana';
import { imageParts } from './image-parts';
import { jaegerQueryPort, jaegerUiPort } from './jaeger';
import { prometheusPort } from './prometheus';
import type { KialiSettings } from './settings';

export const kialiPort = 20001;

/** Kiali, told of the addons that are on. https://kiali.io/docs/configuration/kialis.kiali.io/ */
export const kiali: Addon<KialiSettings> = {
  chart: 'kiali-server',
  repository: 'https://kiali.org/helm-charts',
  version: '2.29.0',
  values: ({ anonymous, image, service }, context) => ({
    auth: { strategy: anonymous === true ? 'anonymous' : 'token' },
    deployment: {
      ...(image === undefined ? {} : chartImage(image)),
      pod_labels: withoutSidecar,
      service_type: service?.type,
      service_annotations: service?.annotations,
    },
    server: { node_port: service?.nodePort },
    external_services: {
      istio: { root_namespace: controlPlaneNamespace(context.istio) },
      prometheus: prometheusAccess(context),
      grafana: grafanaAccess(context),
      tracing: tracingAccess(context),
    },
  }),
};

/** The chart writes a digest's algorithm and its hash apart. */
function chartImage(image: string): Record<string, unknown> {
  const { repository, tag, digest } = imageParts(image);
  const [algorithm, hash] = digest?.split(':') ?? [];
  return { image_name: repository, image_version: hash ?? tag, image_digest: algorithm };
}

function prometheusAccess({ addons, namespace }: AddonContext): Record<string, unknown> {
  if (addons.prometheus === undefined) return { enabled: false };
  return { enabled: true, url: clusterUrl('prometheus', namespace, prometheusPort) };
}

function grafanaAccess({ addons, namespace }: AddonContext): Record<string, unknown> {
  if (addons.grafana === undefined) return { enabled: false };
  const secret = grafanaSecret(addons.grafana);
  return {
    enabled: true,
    internal_url: clusterUrl('grafana', namespace, grafanaPort),
    external_url: publicUrl(addons.grafana),
    auth:
      addons.grafana.anonymous === true
        ? undefined
        : { type: 'basic', username: `secret:${secret}:admin-user`, password: `secret:${secret}:admin-password` },
  };
}

/** Kiali reads traces from Jaeger; it has no client for Zipkin. */
function tracingAccess({ addons, namespace }: AddonContext): Record<string, unknown> {
  if (addons.jaeger === undefined) return { enabled: false };
  return {
    enabled: true,
    provider: 'jaeger',
    use_grpc: true,
    internal_url: clusterUrl('jaeger', namespace, jaegerQueryPort),
    health_check_url: clusterUrl('jaeger', namespace, jaegerUiPort),
    external_url: publicUrl(addons.jaeger),
  };
}
