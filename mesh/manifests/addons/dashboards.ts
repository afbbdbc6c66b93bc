import { controlPlaneNamespace } from '../control-plane';
import { defaultIstioVersion } from '../istio';
import type { KubernetesObject, Rendered } from '../kubernetes';
import {
  type Addon,
  type AddonContext,
  clusterUrl,
  imageParts,
  jaegerQueryPort,
  jaegerUiPort,
  prometheusPort,
  publicUrl,
  withoutSidecar,
} from './catalog';
import type { GrafanaSettings, KialiSettings } from './settings';

export const grafanaPort = 3000;

/** Secret with the `password` of the settings. */
const ownSecret = 'grafana-admin';

const dashboardFolder = `https://raw.githubusercontent.com/istio/istio/${defaultIstioVersion}/manifests/addons/dashboards`;

/** File names of Istio's dashboards. https://istio.io/latest/docs/ops/integrations/grafana/ */
const istioDashboards = [
  'istio-mesh-dashboard.gen',
  'istio-service-dashboard',
  'istio-workload-dashboard',
  'istio-performance-dashboard',
  'istio-extension-dashboard',
  'pilot-dashboard.gen',
  'ztunnel-dashboard.gen',
];

export const grafana: Addon<GrafanaSettings> = {
  chart: 'grafana',
  repository: 'https://grafana-community.github.io/helm-charts',
  version: '12.11.1',
  values: (settings, { addons, namespace }) => ({
    // Only the chart's sidecars need the roles, and they are off.
    rbac: { create: false },
    testFramework: { enabled: false },
    podLabels: withoutSidecar,
    service: { ...settings.service, port: grafanaPort, portName: 'http' },
    image: settings.image === undefined ? undefined : grafanaImage(settings.image),
    admin: { existingSecret: settings.passwordSecret ?? (settings.password === undefined ? undefined : ownSecret) },
    'grafana.ini': {
      server: { root_url: publicUrl(settings) },
      'auth.anonymous': settings.anonymous === true ? { enabled: true, org_role: 'Viewer' } : undefined,
    },
    datasources: addons.prometheus === undefined ? undefined : { 'datasources.yaml': prometheusSource(namespace) },
    ...dashboards(settings.dashboards ?? defaultDashboards()),
  }),
};

/** Name of the Secret with the password of `admin`, under the chart's keys. */
function grafanaSecret({ password, passwordSecret }: GrafanaSettings): string {
  return passwordSecret ?? (password === undefined ? 'grafana' : ownSecret);
}

/** The Secret with the password of the settings. */
export function grafanaPassword(settings: GrafanaSettings, { namespace }: AddonContext): Rendered[] {
  if (settings.password === undefined) return [];
  const object: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: ownSecret, namespace },
    stringData: { 'admin-user': 'admin', 'admin-password': settings.password },
  };
  return [{ object, origin: 'meshwright:addons.grafana.password' }];
}

/** The chart joins registry and repository with a slash, and adds the algorithm of a digest. */
function grafanaImage(image: string): Record<string, unknown> {
  const { repository, tag, digest } = imageParts(image);
  const [first = '', ...rest] = repository.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const split = hasRegistry ? { registry: first, repository: rest.join('/') } : { registry: 'docker.io', repository };
  return { ...split, tag, sha: digest?.replace(/^sha256:/, '') };
}

function prometheusSource(namespace: string): Record<string, unknown> {
  const url = clusterUrl('prometheus', namespace, prometheusPort);
  return {
    apiVersion: 1,
    datasources: [
      {
        name: 'Prometheus',
        type: 'prometheus',
        url,
        access: 'proxy',
        isDefault: true,
        jsonData: { timeInterval: '15s' },
      },
    ],
  };
}

function defaultDashboards(): Record<string, string> {
  return Object.fromEntries(
    istioDashboards.map((file) => [file.replace(/\.gen$/, ''), `${dashboardFolder}/${file}.json`]),
  );
}

function dashboards(urls: Record<string, string>): Record<string, unknown> {
  if (Object.keys(urls).length === 0) return {};
  const provider = {
    name: 'istio',
    folder: 'Istio',
    type: 'file',
    options: { path: '/var/lib/grafana/dashboards/istio' },
  };
  return {
    dashboardProviders: { 'dashboardproviders.yaml': { apiVersion: 1, providers: [provider] } },
    dashboards: { istio: Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, { url }])) },
    // The chart's default options do not verify the certificate.
    defaultCurlOptions: '-sfL',
  };
}

export const kialiPort = 20001;

/** Kiali, connected to the other enabled addons. https://kiali.io/docs/configuration/kialis.kiali.io/ */
export const kiali: Addon<KialiSettings> = {
  chart: 'kiali-server',
  repository: 'https://kiali.org/helm-charts',
  version: '2.29.0',
  values: ({ anonymous, image, service }, context) => ({
    auth: { strategy: anonymous === true ? 'anonymous' : 'token' },
    deployment: {
      ...(image === undefined ? {} : kialiImage(image)),
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

/** The chart takes a digest's algorithm and its hash separately. */
function kialiImage(image: string): Record<string, unknown> {
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
