import { defaultIstioVersion } from '../istio';
import type { KubernetesObject } from '../kubernetes';
import type { Rendered } from '../rendered';
import { clusterUrl, publicUrl, withoutSidecar, type Addon, type AddonContext } from './addon';
import { imageParts } from './image-parts';
import { prometheusPort } from './prometheus';
import type { GrafanaSettings } from './settings';

export const grafanaPort = 3000;

/** Secret that holds `password`. */
const ownSecret = 'grafana-admin';

const dashboardFolder = `https://raw.githubusercontent.com/istio/istio/${defaultIstioVersion}/manifests/addons/dashboards`;

/** Istio's dashboards, by the names of their files. https://istio.io/latest/docs/ops/integrations/grafana/ */
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
    // The roles are for the chart's sidecars, which are off.
    rbac: { create: false },
    testFramework: { enabled: false },
    podLabels: withoutSidecar,
    service: { ...settings.service, port: grafanaPort, portName: 'http' },
    image: settings.image === undefined ? undefined : chartImage(settings.image),
    admin: { existingSecret: settings.passwordSecret ?? (settings.password === undefined ? undefined : ownSecret) },
    'grafana.ini': {
      server: { root_url: publicUrl(settings) },
      'auth.anonymous': settings.anonymous === true ? { enabled: true, org_role: 'Viewer' } : undefined,
    },
    datasources: addons.prometheus === undefined ? undefined : { 'datasources.yaml': prometheusSource(namespace) },
    ...dashboards(settings.dashboards ?? defaultDashboards()),
  }),
};

/** Where the password of `admin` is: Secret, and its keys by the chart's names for them. */
export function grafanaSecret({ password, passwordSecret }: GrafanaSettings): string {
  return passwordSecret ?? (password === undefined ? 'grafana' : ownSecret);
}

/** The Secret that carries the password of the settings. */
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
function chartImage(image: string): Record<string, unknown> {
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
    // The chart's own options skip the check of the certificate.
    defaultCurlOptions: '-sfL',
  };
}
