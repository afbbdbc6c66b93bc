import type { GatewaySettings, IstioSettings, StackSettings } from '../../components/manifests/settings';

/** What the machine has for the lab beyond the control plane itself. */
export interface LabMeans {
  /** Folder with Istio's charts, or `repository` when the stack's own chart source can be reached; undefined when there are none. */
  charts?: string | undefined;
}

/** A base64 text where a CA bundle belongs: the lab's API server calls no admission webhook, but what waits for the bundle must see one. */
const noCaBundle = Buffer.from('the lab calls no webhook').toString('base64');

/**
 * A stack's settings as the lab can carry them: no load balancer is there to hand out an address, no istiod answers its webhooks, and without charts there are no releases.
 * @returns the settings, and what had to be left out or was changed, in words
 */
export function labSettings(
  settings: StackSettings,
  { charts }: LabMeans,
): { settings: StackSettings; notes: string[] } {
  const { istio, addons, ...rest } = settings;
  const gateways = Object.entries(settings.gateways ?? {});
  if (charts === undefined) {
    const uninstalled = gateways.map(([name, gateway]): [string, GatewaySettings] => [
      name,
      { ...gateway, install: false },
    ]);
    const releases = [
      ...(istio === undefined ? [] : ['the Istio control plane']),
      ...gateways.map(([name]) => `gateway ${name}`),
      ...Object.keys(addons ?? {}).map((name) => `addon ${name}`),
    ];
    const notes = releases.length === 0 ? [] : [`${releases.join(', ')}: no Helm charts can be reached`];
    return {
      settings: settings.gateways === undefined ? rest : { ...rest, gateways: Object.fromEntries(uninstalled) },
      notes,
    };
  }
  const balanced = gateways
    .filter(([, gateway]) => (gateway.service?.type ?? 'LoadBalancer') === 'LoadBalancer')
    .map(([name]) => name);
  const local = gateways.map(([name, gateway]): [string, GatewaySettings] => [
    name,
    balanced.includes(name) ? asNodePort(gateway) : gateway,
  ]);
  return {
    settings: {
      ...settings,
      ...(istio === undefined ? {} : { istio: labIstio(istio, charts) }),
      ...(settings.gateways === undefined ? {} : { gateways: Object.fromEntries(local) }),
    },
    notes: balanced.map(
      (name) =>
        `gateway ${name}: Service type NodePort in place of LoadBalancer, since nothing here hands out addresses`,
    ),
  };
}

function asNodePort(gateway: GatewaySettings): GatewaySettings {
  return { ...gateway, service: { ...gateway.service, type: 'NodePort' } };
}

function labIstio(istio: IstioSettings, charts: string): IstioSettings {
  const istiod = { ...istio.values?.istiod, istiodRemote: { injectionCABundle: noCaBundle } };
  return {
    ...istio,
    ...(charts === 'repository' ? {} : { charts: { path: charts } }),
    values: { ...istio.values, istiod },
  };
}
