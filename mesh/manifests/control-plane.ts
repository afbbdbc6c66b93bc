import { defaultIstioVersion } from './istio';
import type { KubernetesObject, Rendered } from './kubernetes';
import { chartLocation, type ChartValues, mergeValues, type Release, statedValues } from './release';
import type { IstioChart, IstioSettings } from './settings';

/** Istio's own Helm repository. */
export const istioRepository = 'https://istio-release.storage.googleapis.com/charts';

const origin = 'meshwright:istio';

/** Namespace of the control plane, which is also the mesh's root namespace. */
export function controlPlaneNamespace(istio: IstioSettings | undefined): string {
  return istio?.namespace ?? 'istio-system';
}

/** Names of the control plane's releases by chart. */
function releaseNames(istio: IstioSettings): Record<Exclude<IstioChart, 'gateway'>, string> {
  const istiod = istio.revision === undefined ? 'istiod' : `istiod-${istio.revision}`;
  return { base: 'istio-base', istiod, cni: 'istio-cni', ztunnel: 'ztunnel', ...istio.releaseNames };
}

/** The releases of the control plane, in the order in which they must be installed. */
export function controlPlaneReleases(istio: IstioSettings): Release[] {
  const names = releaseNames(istio);
  const ambient = istio.profile === 'ambient';
  const charts: IstioChart[] = [
    'base',
    ...((istio.cni ?? ambient) ? (['cni'] as const) : []),
    'istiod',
    ...((istio.ztunnel ?? ambient) ? (['ztunnel'] as const) : []),
  ];
  const installed: string[] = [];
  return charts.flatMap((chart) => {
    if (chart === 'gateway') return [];
    const after = [...installed];
    installed.push(names[chart]);
    return [
      istioRelease(istio, chart, names[chart], controlPlaneNamespace(istio), ownValues(istio, chart), after, origin),
    ];
  });
}

/** A release of one of Istio's charts. Verbatim values of the settings win over derived ones. */
export function istioRelease(
  istio: IstioSettings,
  chart: IstioChart,
  name: string,
  namespace: string,
  values: ChartValues,
  after: string[],
  releaseOrigin: string,
): Release {
  const location = chartLocation(chart, istio.version ?? defaultIstioVersion, istio.charts, istioRepository);
  return {
    name,
    namespace,
    ...location,
    values: mergeValues(statedValues(values), istio.values?.[chart]),
    after,
    origin: releaseOrigin,
  };
}

function ownValues(istio: IstioSettings, chart: Exclude<IstioChart, 'gateway'>): ChartValues {
  const { profile, revision, hub } = istio;
  const istioNamespace = controlPlaneNamespace(istio);
  const global = { hub, istioNamespace: istioNamespace === 'istio-system' ? undefined : istioNamespace };
  switch (chart) {
    case 'base':
      return { profile, defaultRevision: revision, global: { istioNamespace: global.istioNamespace } };
    case 'istiod':
      return { profile, revision, global, meshConfig: istio.meshConfig };
    case 'cni':
      return { profile, global: { hub } };
    case 'ztunnel':
      return { profile, hub, istioNamespace: global.istioNamespace };
  }
}

/** Mesh-wide mTLS: the PeerAuthentication `default` of the root namespace. https://istio.io/latest/docs/tasks/security/authentication/authn-policy/ */
export function meshPeerAuthentication(istio: IstioSettings): Rendered | undefined {
  if (istio.mtls === undefined) return undefined;
  const object: KubernetesObject = {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: controlPlaneNamespace(istio) },
    spec: { mtls: { mode: istio.mtls } },
  };
  return { object, origin: `${origin}.mtls` };
}
