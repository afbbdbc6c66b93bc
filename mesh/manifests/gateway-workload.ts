import { controlPlaneReleases, istioRelease } from './control-plane';
import type { GatewayServer, GatewaySpec } from './istio';
import { asMap, asName } from '../json';
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

/** Default ports of the gateway chart's Service. */
export const defaultGatewayPorts: ServicePortSettings[] = [
  { name: 'status-port', port: 15021, targetPort: 15021 },
  { name: 'http2', port: 80, targetPort: 80 },
  { name: 'https', port: 443, targetPort: 443 },
];

/**
 * Ports in profile `demo`, with those of Istio's tasks on TCP and SNI routing. The profile sets them for istioctl's gateways; Istio's gateway chart does not read
 * it. https://istio.io/latest/docs/setup/additional-setup/config-profiles/
 */
const demoGatewayPorts: ServicePortSettings[] = [
  ...defaultGatewayPorts,
  { name: 'tcp', port: 31400, targetPort: 31400 },
  { name: 'tls', port: 15443, targetPort: 15443 },
];

export function gatewayNamespace(settings: GatewaySettings): string {
  return settings.namespace ?? 'istio-ingress';
}

/** The release of a gateway workload; undefined for a workload that exists already. */
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
  // A ClusterIP gateway is an egress gateway, to which the profile adds no ports.
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

/** The Kubernetes Ingress in front of a gateway, in the namespace of the gateway's Service. */
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

/** The gateway's certificate. cert-manager writes it to the Secret that servers name in `credentialName`. */
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

/** The ServiceAccount that Istio's gateway chart gives the pods. */
export function gatewayServiceAccount(gateway: string, { values }: GatewaySettings): string {
  const { create, name } = asMap(values?.['serviceAccount']);
  return asName(name) ?? (create === false ? 'default' : (asName(values?.['name']) ?? gateway));
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

/** Value of the label `istio` in Istio's gateway chart: the release name without the prefix `istio-`. */
export function gatewayLabel(gateway: string): string {
  return gateway.replace(/^istio-/, '');
}
