import { controlPlaneReleases, istioRelease } from './control-plane';
import type { GatewayServer, GatewaySpec } from './istio';
import { defined, type KubernetesObject, networkingMeta, type Rendered } from './kubernetes';
import { type ChartValues, mergeValues, type Release } from './release';
import type {
  CertificateSettings,
  GatewayServiceSettings,
  GatewaySettings,
  IngressSettings,
  IstioGatewaySettings,
  IstioSettings,
  ServicePortSettings,
} from './settings';

/** Ports of the gateway chart's Service when the stack names none. */
export const defaultGatewayPorts: ServicePortSettings[] = [
  { name: 'status-port', port: 15021, targetPort: 15021 },
  { name: 'http2', port: 80, targetPort: 80 },
  { name: 'https', port: 443, targetPort: 443 },
];

/**
 * Ports that profile `demo` opens beside those, for Istio's tasks on TCP and on SNI routing. The profile sets them for the gateways of istioctl; Istio's gateway chart
 * knows nothing of it. https://istio.io/latest/docs/setup/additional-setup/config-profiles/
 */
const demoGatewayPorts: ServicePortSettings[] = [
  ...defaultGatewayPorts,
  { name: 'tcp', port: 31400, targetPort: 31400 },
  { name: 'tls', port: 15443, targetPort: 15443 },
];

export function gatewayNamespace(settings: GatewaySettings): string {
  return settings.namespace ?? 'istio-ingress';
}

/** The release of a gateway workload, or undefined for one that is there already. */
export function gatewayRelease(
  name: string,
  settings: GatewaySettings,
  istio: IstioSettings = {},
): Release | undefined {
  if (settings.install === false) return undefined;
  const values: ChartValues = {
    revision: istio.revision,
    labels: settings.labels,
    service: service(settings.service, istio.profile),
  };
  const after = controlPlaneReleases(istio).map((release) => release.name);
  const release = istioRelease(
    istio,
    'gateway',
    name,
    gatewayNamespace(settings),
    values,
    after,
    `meshwright:gateways.${name}`,
  );
  return { ...release, values: mergeValues(release.values, settings.values) };
}

function service(
  { type, ports, nodePorts, annotations }: GatewayServiceSettings = {},
  profile: string | undefined,
): ChartValues {
  // A gateway that is reached from inside only is an egress gateway, which the profile leaves alone.
  const demo = profile === 'demo' && type !== 'ClusterIP';
  const listed = ports ?? (demo ? demoGatewayPorts : nodePorts === undefined ? undefined : defaultGatewayPorts);
  return { type, annotations, ports: listed?.map((port) => servicePort(port, nodePorts?.[port.name])) };
}

function servicePort(
  { name, port, targetPort, protocol }: ServicePortSettings,
  nodePort: number | undefined,
): ChartValues {
  return defined({ name, port, protocol: protocol ?? 'TCP', targetPort: targetPort ?? port, nodePort });
}

/** The Kubernetes Ingress that stands before a gateway. It must be in the gateway's namespace, where its Service is. */
export function gatewayIngress(gateway: string, settings: GatewaySettings): Rendered | undefined {
  if (settings.ingress === undefined) return undefined;
  const { name, className, hosts, port, tlsSecret, annotations }: IngressSettings = settings.ingress;
  const http = {
    paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: gateway, port: { number: port ?? 80 } } } }],
  };
  const object: KubernetesObject = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: defined({ name: name ?? gateway, namespace: gatewayNamespace(settings), annotations }),
    spec: defined({
      ingressClassName: className,
      rules: hosts === undefined ? [{ http }] : hosts.map((host) => ({ host, http })),
      tls: tlsSecret === undefined ? undefined : [defined({ hosts, secretName: tlsSecret })],
    }),
  };
  return { object, origin: `meshwright:gateways.${gateway}.ingress` };
}

/** The gateway's certificate, which cert-manager turns into the Secret that a server names as `credentialName`. */
export function gatewayCertificate(
  gateway: string,
  settings: GatewaySettings,
  defaultIssuer: string,
): Rendered | undefined {
  if (settings.certificate === undefined) return undefined;
  const { dnsNames, secretName, issuer }: CertificateSettings = settings.certificate;
  const object: KubernetesObject = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: secretName ?? `${gateway}-cert`, namespace: gatewayNamespace(settings) },
    spec: {
      secretName: secretName ?? `${gateway}-cert`,
      dnsNames,
      issuerRef: {
        group: 'cert-manager.io',
        kind: issuer?.kind ?? 'ClusterIssuer',
        name: issuer?.name ?? defaultIssuer,
      },
    },
  };
  return { object, origin: `meshwright:gateways.${gateway}.certificate` };
}

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

/** The value that Istio's gateway chart gives the label `istio`: the release name without the prefix `istio-`. */
export function gatewayLabel(gateway: string): string {
  return gateway.replace(/^istio-/, '');
}
