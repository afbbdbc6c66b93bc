import * as z from 'zod';
import type {
  AddonGatewaySettings,
  AddonIngressSettings,
  AddonServiceSettings,
  AddonSettings,
  AddonsSettings,
  CertManagerSettings,
  GrafanaSettings,
  KialiSettings,
  TracingSettings,
} from '../../mesh/manifests/addons/settings';
import { chartSource, chartValues } from './istio';
import { anyMap, label, port, serviceType, stringMap, text } from './values';

const addonService = z.strictObject({
  type: serviceType.exactOptional().describe('Default: ClusterIP.'),
  nodePort: port.exactOptional().describe('Fixed node port of the web page, for NodePort. Default: the cluster picks.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<AddonServiceSettings>;

const addonIngress = z.strictObject({
  name: label.exactOptional().describe('Default: <addon>-ingress.'),
  host: text.describe('Host of the web page.'),
  className: label.exactOptional().describe("Default: the cluster's default class."),
  tlsSecret: text.exactOptional().describe('Secret with the certificate of the host. Default: no TLS.'),
  annotations: stringMap.exactOptional().describe('Default: none.'),
}) satisfies z.ZodType<AddonIngressSettings>;

const addonGateway = z.strictObject({
  host: text.describe('Host of the web page.'),
  gateway: label.exactOptional().describe('Key in meshwright:gateways. Default: istio-ingressgateway.'),
  credentialName: text
    .exactOptional()
    .describe("Secret with the certificate of the host, in the gateway's namespace; served at port 443."),
  insecure: z.boolean().exactOptional().describe('Plain HTTP at port 80, instead of a certificate. Default: false.'),
}) satisfies z.ZodType<AddonGatewaySettings>;

const addonKeys = {
  version: text.exactOptional().describe('Chart version. Default: the one that this release of Meshwright pins.'),
  image: text.exactOptional().describe("Image of the main container. Default: the chart's own."),
  service: addonService.exactOptional().describe('Service of the web page. Default: ClusterIP.'),
  ingress: addonIngress.exactOptional().describe('A Kubernetes Ingress in front of the addon. Default: none.'),
  gateway: addonGateway.exactOptional().describe('Access to the addon through a gateway of the mesh. Default: none.'),
  values: chartValues.exactOptional().describe('Chart values, merged over those from the other keys. Default: none.'),
};

const addon = z.strictObject(addonKeys) satisfies z.ZodType<AddonSettings>;

export const kiali = z.strictObject({
  ...addonKeys,
  anonymous: z
    .boolean()
    .exactOptional()
    .describe('Allow access without login. Default: false, which asks for a token.'),
}) satisfies z.ZodType<KialiSettings>;

export const grafana = z.strictObject({
  ...addonKeys,
  anonymous: z.boolean().exactOptional().describe('Allow viewing without login. Default: false.'),
  password: text
    .exactOptional()
    .describe(
      'Password of admin, set with `pulumi config set --secret --path`. Default: generated, in the Secret grafana.',
    ),
  passwordSecret: text
    .exactOptional()
    .describe('Secret with admin-user and admin-password, instead of password. Default: none.'),
  dashboards: stringMap
    .exactOptional()
    .describe("Dashboards: file name → URL that the pod loads them from. Default: Istio's own."),
}) satisfies z.ZodType<GrafanaSettings>;

export const tracing = z.strictObject({
  backend: z.enum(['jaeger', 'zipkin']).exactOptional().describe('Default: jaeger when that is on, else zipkin.'),
  sampling: z
    .number()
    .min(0, { error: 'must be a percentage from 0 to 100' })
    .max(100, { error: 'must be a percentage from 0 to 100' })
    .exactOptional()
    .describe("Percentage of requests that are traced. Default: Istio's own."),
  provider: text
    .exactOptional()
    .describe('Existing extension provider of the mesh, for a stack without istio. Default: the stack creates one.'),
}) satisfies z.ZodType<TracingSettings>;

export const certManager = z.strictObject({
  namespace: label.exactOptional().describe('Default: cert-manager.'),
  version: text.exactOptional().describe('Chart version. Default: the one the Pulumi package picks.'),
  issuer: z
    .strictObject({
      name: text.describe('Name of the ClusterIssuer.'),
      spec: anyMap.describe("cert-manager's issuer spec, verbatim."),
    })
    .exactOptional()
    .describe('The ClusterIssuer to create. Default: selfsigned, with a self-signed issuer.'),
}) satisfies z.ZodType<CertManagerSettings>;

export const addons = z
  .strictObject({
    certManager: certManager.exactOptional().describe('cert-manager. Default: not installed.'),
    namespace: label.exactOptional().describe("Namespace of the telemetry addons. Default: the control plane's."),
    charts: chartSource
      .exactOptional()
      .describe("Where their charts come from. Default: each project's own repository."),
    prometheus: addon.exactOptional().describe('Metrics. Default: not installed.'),
    grafana: grafana.exactOptional().describe('Dashboards. Default: not installed.'),
    kiali: kiali.exactOptional().describe('The mesh as a graph. Default: not installed.'),
    jaeger: addon.exactOptional().describe('Traces. Default: not installed.'),
    zipkin: addon.exactOptional().describe('Traces. Default: not installed.'),
    tracing: tracing
      .exactOptional()
      .describe("Which requests are traced, and where the traces go. Default: Istio's own."),
  })
  .describe('Telemetry addons and cert-manager, each switched on by its key.') satisfies z.ZodType<AddonsSettings>;
