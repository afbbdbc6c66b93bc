import { controlPlaneReleases } from '../control-plane';
import type { KubernetesObject, Rendered } from '../kubernetes';
import { chartLocation, mergeValues, type Release, statedValues } from '../release';
import type { GatewaySettings, IstioSettings } from '../settings';
import { type Addon, type AddonContext, type AddonName, addonNames, jaeger, prometheus, zipkin } from './catalog';
import { grafana, grafanaPassword, kiali } from './dashboards';
import { exposure } from './exposure';
import type { AddonsSettings, CertManagerSettings } from './settings';
import { addonsNamespace, meshTelemetry, tracingServices } from './tracing';

const catalog: Record<AddonName, Addon> = { prometheus, grafana, jaeger, zipkin, kiali };

/** The enabled telemetry addons. */
export function installedAddons(addons: AddonsSettings): AddonName[] {
  return addonNames.filter((name) => addons[name] !== undefined);
}

/** One release per enabled addon. They come after the control plane, whose injector must run before their pods start. */
export function addonReleases(addons: AddonsSettings, istio: IstioSettings | undefined): Release[] {
  const context = addonContext(addons, istio);
  const after = istio === undefined ? [] : controlPlaneReleases(istio).map(({ name }) => name);
  return installedAddons(addons).map((name) => {
    const { chart, repository, version, values } = catalog[name];
    const settings = addons[name] ?? {};
    return {
      name,
      namespace: context.namespace,
      ...chartLocation(chart, settings.version ?? version, addons.charts, repository),
      values: mergeValues(statedValues(values(settings, context)), settings.values),
      after,
      origin: `meshwright:addons.${name}`,
    };
  });
}

/**
 * Objects besides the releases: Services of the tracing backend, the Telemetry that enables tracing, passwords,
 * Ingresses and Gateways.
 */
export function addonObjects(
  addons: AddonsSettings,
  istio: IstioSettings | undefined,
  gateways: Record<string, GatewaySettings> = {},
): Rendered[] {
  const context = addonContext(addons, istio);
  return [
    ...(addons.grafana === undefined ? [] : grafanaPassword(addons.grafana, context)),
    ...tracingServices(context),
    ...meshTelemetry(context),
    ...installedAddons(addons).flatMap((name) => exposure(name, context, gateways)),
  ];
}

function addonContext(addons: AddonsSettings, istio: IstioSettings = {}): AddonContext {
  return { addons, istio, namespace: addonsNamespace(addons, istio) };
}

/** Name of the default ClusterIssuer for certificates. */
export function clusterIssuerName(settings: CertManagerSettings | undefined): string {
  return settings?.issuer?.name ?? 'selfsigned';
}

export function certManagerNamespace(settings: CertManagerSettings): string {
  return settings.namespace ?? 'cert-manager';
}

export function clusterIssuer(settings: CertManagerSettings): Rendered {
  const object: KubernetesObject = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name: clusterIssuerName(settings) },
    spec: settings.issuer?.spec ?? { selfSigned: {} },
  };
  return { object, origin: 'meshwright:addons.certManager.issuer' };
}
