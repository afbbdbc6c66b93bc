import type { ServiceType } from '../kubernetes';
import type { ChartSource, ChartValues } from '../release';

/** Telemetry addons and cert-manager, each switched on by its key. None is open to the world unless its own keys say so. */
export interface AddonsSettings {
  /** cert-manager, through @pulumi/kubernetes-cert-manager. Off unless the key is there. */
  certManager?: CertManagerSettings;
  /** Namespace of the telemetry addons. Defaults to the control plane's. */
  namespace?: string;
  /** Where the telemetry addons' charts come from. Defaults to each project's own Helm repository. */
  charts?: ChartSource;
  /** Metrics. Kiali and Grafana draw from it. */
  prometheus?: AddonSettings;
  /** Dashboards, among them Istio's. */
  grafana?: GrafanaSettings;
  /** The mesh as a graph. Knows the other addons that are on. */
  kiali?: KialiSettings;
  /** Traces. */
  jaeger?: AddonSettings;
  /** Traces. */
  zipkin?: AddonSettings;
  /** Which traces are taken and where they go. Has an effect when `jaeger` or `zipkin` is on. */
  tracing?: TracingSettings;
}

/** What every telemetry addon takes. */
export interface AddonSettings {
  /** Chart version. Defaults to a version that goes with this release of Meshwright. */
  version?: string;
  /** Image reference of the addon's main container. Defaults to the chart's own. */
  image?: string;
  service?: AddonServiceSettings;
  /** A Kubernetes Ingress before the addon. Defaults to none. */
  ingress?: AddonIngressSettings;
  /** A way to the addon through a gateway of the mesh. Defaults to none. */
  gateway?: AddonGatewaySettings;
  /** Values of the addon's chart, merged over those that the other keys make. */
  values?: ChartValues;
}

export interface KialiSettings extends AddonSettings {
  /** True: everybody is let in without logging in. For demonstrations. Defaults to false: one logs in with a Kubernetes token. */
  anonymous?: boolean;
}

export interface GrafanaSettings extends AddonSettings {
  /** True: everybody may look without logging in. For demonstrations. Defaults to false. */
  anonymous?: boolean;
  /** Password of `admin`; set it as a Pulumi secret. Defaults to one that the chart makes up, in the Secret `grafana`. */
  password?: string;
  /** Name of a Secret in the addons' namespace with `admin-user` and `admin-password`, in place of `password`. */
  passwordSecret?: string;
  /** Dashboards by file name: URL that Grafana's pod loads them from when it starts. Default to Istio's own; `{}` for a cluster without a way out. */
  dashboards?: Record<string, string>;
}

export interface AddonServiceSettings {
  /** Type of the Service that leads to the addon's web page. Defaults to `ClusterIP`. */
  type?: ServiceType;
  /** Fixed node port of the web page, for `NodePort`. Defaults to one that the cluster picks. */
  nodePort?: number;
  annotations?: Record<string, string>;
}

export interface AddonIngressSettings {
  /** Name of the Ingress. Defaults to `<addon>-ingress`. */
  name?: string;
  host: string;
  /** Defaults to the cluster's default class. */
  className?: string;
  /** Secret with the certificate of the host. Defaults to no TLS. */
  tlsSecret?: string;
  annotations?: Record<string, string>;
}

/** An Istio Gateway and VirtualService, both named `<addon>-gateway`. */
export interface AddonGatewaySettings {
  host: string;
  /** Key in `gateways`. Defaults to `istio-ingressgateway`. */
  gateway?: string;
  /** Secret with the certificate of the host, in the gateway's namespace; served at port 443. */
  credentialName?: string;
  /** True: plain HTTP at port 80, in place of a certificate. Defaults to false. */
  insecure?: boolean;
}

export interface TracingSettings {
  /** The addon that the spans go to, which owns the Services `tracing` and `zipkin`. Defaults to `jaeger` when that is on, else `zipkin`. */
  backend?: TracingBackend;
  /** Percentage of requests that are traced, 0..100. Defaults to Istio's own: 1, or 100 in profile `demo`. */
  sampling?: number;
  /** Name of an extension provider that the mesh has already, for a stack without `istio`. Defaults to one that the stack makes. */
  provider?: string;
}

export type TracingBackend = 'jaeger' | 'zipkin';

export interface CertManagerSettings {
  /** Namespace of cert-manager. Defaults to `cert-manager`. */
  namespace?: string;
  /** Chart version. Defaults to the one the Pulumi package picks. */
  version?: string;
  /** The ClusterIssuer to make: name → cert-manager's issuer spec, verbatim. Defaults to `selfsigned` with a self-signed issuer. */
  issuer?: { name: string; spec: Record<string, unknown> };
}
