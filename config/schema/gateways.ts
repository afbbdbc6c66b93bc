import * as z from 'zod';
import type {
  CertificateSettings,
  GatewayServiceSettings,
  GatewaySettings,
  IngressSettings,
  IstioGatewaySettings,
  ServicePortSettings,
} from '../../mesh/manifests/settings';
import type { GatewayServer } from '../../mesh/manifests/istio';
import { chartValues } from './istio';
import { byLabel, filledList, label, objectKeys, port, serviceType, stringMap, text, verbatim } from './values';

export const servicePort = z.strictObject({
  name: label.describe('Name of the port, e.g. http2.'),
  port: port.describe('Port of the Service.'),
  targetPort: port.exactOptional().describe('Port of the pod. Default: the same.'),
  protocol: z.enum(['TCP', 'UDP']).exactOptional().describe('Default: TCP.'),
}) satisfies z.ZodType<ServicePortSettings>;

export const gatewayService = z.strictObject({
  type: serviceType.exactOptional().describe('Default: LoadBalancer.'),
  ports: filledList(servicePort, 'port').exactOptional().describe('Default: status-port 15021, http2 80, https 443.'),
  nodePorts: z
    .record(z.string(), port)
    .exactOptional()
    .describe('Fixed node ports by port name, usually 30000 to 32767. Default: the cluster picks.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<GatewayServiceSettings>;

export const ingress = z.strictObject({
  name: label.exactOptional().describe("Default: the gateway's name."),
  className: label.exactOptional().describe("Default: the cluster's default class."),
  hosts: filledList(text, 'host').exactOptional().describe('Hosts sent to the gateway. Default: every host.'),
  port: port.exactOptional().describe("Port of the gateway's Service. Default: 80."),
  tlsSecret: text.exactOptional().describe('Secret with the certificate of the hosts. Default: no TLS.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<IngressSettings>;

export const certificate = z.strictObject({
  dnsNames: filledList(text, 'DNS name').describe('DNS names of the certificate.'),
  secretName: text
    .exactOptional()
    .describe('Secret to write, named as credentialName in a server. Default: <gateway>-cert.'),
  issuer: z
    .strictObject({
      name: text.describe('Name of the issuer.'),
      kind: z.enum(['Issuer', 'ClusterIssuer']).exactOptional().describe('Default: ClusterIssuer.'),
    })
    .exactOptional()
    .describe('Default: the ClusterIssuer of addons.certManager.'),
}) satisfies z.ZodType<CertificateSettings>;

export const istioGateway = z.strictObject({
  ...objectKeys,
  servers: verbatim<GatewayServer[]>(
    'list',
    'Gateway.servers',
    'Servers. Default: port 80, HTTP, every host.',
  ).exactOptional(),
  selector: stringMap.exactOptional().describe('Default: the labels of the gateway workload.'),
}) satisfies z.ZodType<IstioGatewaySettings>;

export const gateway = z.strictObject({
  namespace: label.exactOptional().describe('Namespace of the workload. Default: istio-ingress.'),
  install: z.boolean().exactOptional().describe('False if the workload exists already. Default: true.'),
  labels: stringMap
    .exactOptional()
    .describe('Pod labels that Istio Gateways select. Default: istio: <name without "istio-">.'),
  service: gatewayService.exactOptional().describe("The workload's Service. Default: the chart's."),
  ingress: ingress.exactOptional().describe('A Kubernetes Ingress in front of the gateway. Default: none.'),
  certificate: certificate.exactOptional().describe('A certificate from cert-manager. Default: none.'),
  gateways: byLabel(byLabel(istioGateway))
    .exactOptional()
    .describe('Istio Gateways on this workload: namespace → name → Gateway. Default: none.'),
  values: chartValues
    .exactOptional()
    .describe('Values of the gateway chart, merged over those from the other keys. Default: none.'),
}) satisfies z.ZodType<GatewaySettings>;

export const gateways = byLabel(gateway).describe('Gateway workloads by release name, e.g. istio-ingressgateway.');
