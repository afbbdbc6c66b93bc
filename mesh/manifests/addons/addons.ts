import { controlPlaneReleases } from '../control-plane';
import { chartLocation, mergeValues, statedValues, type Release } from '../release';
import type { Rendered } from '../rendered';
import type { GatewaySettings, IstioSettings } from '../settings';
import { addonNames, type Addon, type AddonContext, type AddonName } from './addon';
import { exposure } from './exposure';
import { grafana, grafanaPassword } from './grafana';
import { jaeger } from './jaeger';
import { kiali } from './kiali';
import { prometheus } from './prometheus';
import type { AddonsSettings } from './settings';
import { addonsNamespace, meshTelemetry, tracingServices } from './tracing';
import { zipkin } from './zipkin';

const catalog: Record<AddonName, Addon> = { prometheus, grafana, jaeger, zipkin, kiali };

/** The addons that are on. */
export function installedAddons(addons: AddonsSettings): AddonName[] {
  return addonNames.filter((name) => addons[name] !== undefined);
}

/** One release per addon that is on, after the control plane's, whose injector would hold back their pods. */
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

/** What goes with the releases: Services of the tracing backend, its switch, passwords, and ways in. */
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
