import type { GatewayServer, GatewaySpec } from './istio';
import type { KubernetesObject } from './kubernetes';
import { gatewayLabel } from './names';
import { networkingMeta } from './object-meta';
import type { Rendered } from './rendered';
import type { GatewaySettings, IstioGatewaySettings } from './settings';

export interface IstioGateway extends KubernetesObject {
  kind: 'Gateway';
  spec: GatewaySpec & Record<string, unknown>;
}

const httpOnEveryHost: GatewayServer = { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] };

/** Labels of a gateway workload's pods, by which Istio Gateways select it. */
export function gatewayPodLabels(gateway: string, settings: GatewaySettings): Record<string, string> {
  return settings.labels ?? { istio: gatewayLabel(gateway) };
}

/** The Istio Gateways of a gateway workload. */
export function istioGateways(gateway: string, settings: GatewaySettings): Rendered<IstioGateway>[] {
  return Object.entries(settings.gateways ?? {}).flatMap(([namespace, gateways]) =>
    Object.entries(gateways).map(([name, istioGateway]) => ({
      object: istioGatewayObject(namespace, name, istioGateway, gatewayPodLabels(gateway, settings)),
      origin: `meshwright:gateways.${gateway}.gateways.${namespace}.${name}`,
    })),
  );
}

function istioGatewayObject(
  namespace: string,
  name: string,
  settings: IstioGatewaySettings,
  labels: Record<string, string>,
): IstioGateway {
  const spec: GatewaySpec = { selector: settings.selector ?? labels, servers: settings.servers ?? [httpOnEveryHost] };
  return { kind: 'Gateway', ...networkingMeta(namespace, name, settings), spec: { ...spec } };
}
