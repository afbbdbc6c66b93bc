import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { addonNames } from '../../mesh/manifests/addons/catalog';
import { addonReleases, installedAddons } from '../../mesh/manifests/addons/addons';
import type { AddonsSettings } from '../../mesh/manifests/addons/settings';
import { resolveApp } from '../../mesh/manifests/apps/app';
import type { AppSettings } from '../../mesh/manifests/apps/settings';
import { defaultIstioVersion } from '../../mesh/manifests/istio';
import type { GatewaySettings, IstioSettings, StackSettings } from '../../mesh/manifests/settings';

/** Longest wait for a chart repository, in milliseconds. */
const timeoutMs = 5000;

/** The charts that a deployment to the lab can use. */
export interface LabCharts {
  /** Folder with Istio's charts, the lab's own. */
  istio: string;
  /** Folder with the telemetry addons' charts, or `repository` when the stack's own sources can be reached; undefined when there are none. */
  addons?: string | undefined;
}

/** Settings that the lab supports, and notes on what was left out or changed for it. */
interface Fitted<T> {
  settings: T;
  notes: string[];
}

/**
 * A stack's settings, adapted to the lab: Istio's charts are the lab's, Services have node ports instead of load
 * balancers, and unavailable parts are left out.
 */
export function labSettings(settings: StackSettings, charts: LabCharts): Fitted<StackSettings> {
  const { istio, addons, gateways, apps, ...rest } = settings;
  const fitted = {
    istio: istio === undefined ? undefined : fittedIstio(istio, charts.istio),
    gateways: byName(gateways, (name, gateway) => fittedGateway(name, gateway, addons)),
    addons: addons === undefined ? undefined : fittedAddons(addons, charts.addons),
    apps: byName(apps, fittedApp),
  };
  const sections = Object.entries(fitted).flatMap(([key, section]) =>
    section === undefined ? [] : [[key, section.settings] as const],
  );
  return {
    settings: { ...rest, ...Object.fromEntries(sections) },
    notes: Object.values(fitted).flatMap((section) => section?.notes ?? []),
  };
}

/** A stack with local charts keeps them. Any other gets the charts of the Istio that the lab runs. */
function fittedIstio(istio: IstioSettings, folder: string): Fitted<IstioSettings> {
  const { path, files } = istio.charts ?? {};
  if (path !== undefined || files !== undefined) return { settings: istio, notes: [] };
  const { version: own } = parse(readFileSync(join(folder, 'base', 'Chart.yaml'), 'utf8')) as { version: string };
  const asked = istio.version ?? defaultIstioVersion;
  return {
    settings: { ...istio, version: own, charts: { path: folder } },
    notes: asked === own ? [] : [`Istio: the lab's version ${own} instead of ${asked}`],
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
  return `${what}: Service type NodePort instead of LoadBalancer, since the lab has no load balancer`;
}

function fittedGateway(name: string, gateway: GatewaySettings, addons: AddonsSettings = {}): Fitted<GatewaySettings> {
  const { certificate, ...others } = gateway;
  const withoutIssuer = certificate !== undefined && addons.certManager !== undefined;
  const issued: GatewaySettings = withoutIssuer ? others : gateway;
  const { ingress } = gateway;
  // Pulumi would wait ten minutes for the address that an ingress controller gives.
  const annotations = { 'pulumi.com/skipAwait': 'true', ...ingress?.annotations };
  const kept: GatewaySettings = ingress === undefined ? issued : { ...issued, ingress: { ...ingress, annotations } };
  const notes = [
    ...(withoutIssuer ? [`gateway ${name}, certificate: left out, since the lab has no cert-manager`] : []),
    ...(ingress === undefined
      ? []
      : [`gateway ${name}, Ingress: created, but no ingress controller serves it; use the node port`]),
  ];
  if ((gateway.service?.type ?? 'LoadBalancer') !== 'LoadBalancer') return { settings: kept, notes };
  return {
    settings: { ...kept, service: { ...gateway.service, type: 'NodePort' } },
    notes: [...notes, inPlace(`gateway ${name}`)],
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
  const { certManager, ...telemetry } = addons;
  const notes =
    certManager === undefined ? [] : ['addon certManager: left out, since its Pulumi provider is not part of the lab'];
  const installed = installedAddons(telemetry);
  if (charts === undefined && installed.length > 0) {
    const { namespace } = telemetry;
    const names = installed.map((name) => `addon ${name}`).join(', ');
    return {
      settings: namespace === undefined ? {} : { namespace },
      notes: [...notes, `${names}: left out, since the chart repository does not answer`],
    };
  }
  const balanced = addonNames.filter((name) => telemetry[name]?.service?.type === 'LoadBalancer');
  const fitted = balanced.map((name) => {
    const { service, ...others } = telemetry[name] ?? {};
    return [name, { ...others, service: { ...service, type: 'NodePort' } }] as const;
  });
  return {
    settings: {
      ...telemetry,
      ...Object.fromEntries(fitted),
      ...(charts === undefined || charts === 'repository' ? {} : { charts: { path: charts } }),
    },
    notes: [...notes, ...balanced.map((name) => inPlace(`addon ${name}`))],
  };
}

/**
 * Where the telemetry addons' charts come from: the folder that ISTIO_CHARTS names when it has all of them, or `repository` when the stack's sources can be reached.
 * @returns undefined when no source has them, and when the stack has no addons
 */
export async function reachableAddonCharts(
  { addons = {}, istio }: StackSettings,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  const releases = addonReleases({ ...addons, charts: {} }, istio);
  if (releases.length === 0) return undefined;
  const folder = env.ISTIO_CHARTS === undefined || env.ISTIO_CHARTS === '' ? undefined : resolve(env.ISTIO_CHARTS);
  if (folder !== undefined && releases.every(({ chart }) => existsSync(join(folder, chart, 'Chart.yaml'))))
    return folder;
  const { path, files, oci, repository } = addons.charts ?? {};
  if (path !== undefined || files !== undefined || oci !== undefined) return 'repository';
  const sources = new Set(releases.flatMap((release) => repository ?? release.repository ?? []));
  const found = await Promise.all([...sources].map((source) => answers(`${source.replace(/\/+$/, '')}/index.yaml`)));
  return found.every(Boolean) ? 'repository' : undefined;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(timeoutMs) })).ok;
  } catch {
    return false;
  }
}
