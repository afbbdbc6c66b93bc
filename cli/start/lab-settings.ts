import { addonNames } from '../../components/manifests/addons/addon';
import { installedAddons } from '../../components/manifests/addons/addons';
import type { AddonsSettings } from '../../components/manifests/addons/settings';
import { resolveApp } from '../../components/manifests/apps/resolve';
import type { AppSettings } from '../../components/manifests/apps/settings';
import type { GatewaySettings, IstioSettings, StackSettings } from '../../components/manifests/settings';

/** What the machine has for the lab beyond the control plane itself. */
export interface LabMeans {
  /** Folder with Istio's charts, or `repository` when the stack's own chart source can be reached; undefined when there are none. */
  charts?: string | undefined;
  /** The same of the telemetry addons' charts. */
  addonCharts?: string | undefined;
}

/** Settings as the lab can carry them, and what had to be left out or was changed, in words. */
interface Fitted<T> {
  settings: T;
  notes: string[];
}

/** A base64 text where a CA bundle belongs: the lab's API server calls no admission webhook, but what waits for the bundle must see one. */
const noCaBundle = Buffer.from('the lab calls no webhook').toString('base64');

/**
 * A stack's settings as the lab can carry them: no load balancer is there to hand out an address, no istiod answers its webhooks, and without charts there are no releases.
 * @returns the settings, and what had to be left out or was changed, in words
 */
export function labSettings(settings: StackSettings, { charts, addonCharts }: LabMeans): Fitted<StackSettings> {
  if (charts === undefined) return withoutReleases(settings);
  const { istio, addons, gateways, apps, ...rest } = settings;
  const fitted = {
    gateways: byName(gateways, fittedGateway),
    addons: addons === undefined ? undefined : fittedAddons(addons, addonCharts),
    apps: byName(apps, fittedApp),
  };
  const sections = Object.entries(fitted).flatMap(([key, section]) =>
    section === undefined ? [] : [[key, section.settings] as const],
  );
  return {
    settings: {
      ...rest,
      ...(istio === undefined ? {} : { istio: labIstio(istio, charts) }),
      ...Object.fromEntries(sections),
    },
    notes: Object.values(fitted).flatMap((section) => section?.notes ?? []),
  };
}

function withoutReleases({ istio, addons, ...rest }: StackSettings): Fitted<StackSettings> {
  const gateways = Object.entries(rest.gateways ?? {});
  const uninstalled = gateways.map(([name, gateway]): [string, GatewaySettings] => [
    name,
    { ...gateway, install: false },
  ]);
  const releases = [
    ...(istio === undefined ? [] : ['the Istio control plane']),
    ...gateways.map(([name]) => `gateway ${name}`),
    ...installedAddons(addons ?? {}).map((name) => `addon ${name}`),
    ...(addons?.certManager === undefined ? [] : ['addon certManager']),
  ];
  return {
    settings: rest.gateways === undefined ? rest : { ...rest, gateways: Object.fromEntries(uninstalled) },
    notes:
      releases.length === 0
        ? []
        : [`${releases.join(', ')}: Helm releases, which take the Pulumi CLI and charts that can be reached`],
  };
}

function byName<T>(
  section: Record<string, T> | undefined,
  fit: (name: string, settings: T) => Fitted<T>,
): Fitted<Record<string, T>> | undefined {
  if (section === undefined) return undefined;
  const fitted = Object.entries(section).map(([name, settings]) => [name, fit(name, settings)] as const);
  return {
    settings: Object.fromEntries(fitted.map(([name, { settings }]) => [name, settings])),
    notes: fitted.flatMap(([, { notes }]) => notes),
  };
}

function inPlace(what: string): string {
  return `${what}: Service type NodePort in place of LoadBalancer, since nothing here hands out addresses`;
}

function fittedGateway(name: string, gateway: GatewaySettings): Fitted<GatewaySettings> {
  if ((gateway.service?.type ?? 'LoadBalancer') !== 'LoadBalancer') return { settings: gateway, notes: [] };
  return {
    settings: { ...gateway, service: { ...gateway.service, type: 'NodePort' } },
    notes: [inPlace(`gateway ${name}`)],
  };
}

function fittedApp(name: string, app: AppSettings): Fitted<AppSettings> {
  const balanced = Object.entries(resolveApp(name, app).services)
    .filter(([, { type, spec }]) => (spec?.['type'] ?? type) === 'LoadBalancer')
    .map(([service]) => service);
  if (balanced.length === 0) return { settings: app, notes: [] };
  const services = balanced.map((service) => {
    const { spec, ...others } = app.services?.[service] ?? {};
    const verbatim =
      spec === undefined ? {} : { spec: spec['type'] === undefined ? spec : { ...spec, type: 'NodePort' } };
    return [service, { ...others, ...verbatim, type: 'NodePort' as const }] as const;
  });
  return {
    settings: { ...app, services: { ...app.services, ...Object.fromEntries(services) } },
    notes: balanced.map((service) => inPlace(`app ${name}, Service ${service}`)),
  };
}

function fittedAddons(addons: AddonsSettings, charts: string | undefined): Fitted<AddonsSettings> {
  const installed = installedAddons(addons);
  if (charts === undefined && installed.length > 0) {
    const { certManager, namespace } = addons;
    const notes = [
      `${installed.map((name) => `addon ${name}`).join(', ')}: Helm releases, which take the Pulumi CLI and charts that can be reached`,
    ];
    const kept = Object.entries({ certManager, namespace }).filter(([, value]) => value !== undefined);
    return { settings: Object.fromEntries(kept), notes };
  }
  const balanced = addonNames.filter((name) => addons[name]?.service?.type === 'LoadBalancer');
  const fitted = balanced.map((name) => {
    const { service, ...others } = addons[name] ?? {};
    return [name, { ...others, service: { ...service, type: 'NodePort' } }] as const;
  });
  return {
    settings: {
      ...addons,
      ...Object.fromEntries(fitted),
      ...(charts === undefined || charts === 'repository' ? {} : { charts: { path: charts } }),
    },
    notes: balanced.map((name) => inPlace(`addon ${name}`)),
  };
}

function labIstio(istio: IstioSettings, charts: string): IstioSettings {
  const istiod = { ...istio.values?.istiod, istiodRemote: { injectionCABundle: noCaBundle } };
  return {
    ...istio,
    ...(charts === 'repository' ? {} : { charts: { path: charts } }),
    values: { ...istio.values, istiod },
  };
}
