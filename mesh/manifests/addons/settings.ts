import type { ServiceType } from '../kubernetes';
import type { ChartSource, ChartValues } from '../release';

/** Telemetry addons and cert-manager, each enabled by its key. None is exposed outside the cluster unless its own keys say so. */
export interface AddonsSettings {
  /** cert-manager, through Pulumi's component `kubernetes-cert-manager`. */
  certManager?: CertManagerSettings;
  /** Namespace of the telemetry addons. Defaults to the control plane's. */
  namespace?: string;
  /** Source of the telemetry addons' charts. Defaults to each project's own Helm repository. */
  charts?: ChartSource;
  /** Metrics, for Kiali and Grafana too. */
  prometheus?: AddonSettings;
  /** Dashboards, with Istio's. */
  grafana?: GrafanaSettings;
  /** The mesh as a graph. Connected to the other enabled addons. */
  kiali?: KialiSettings;
  /** Traces. */
  jaeger?: AddonSettings;
  /** Traces. */
  zipkin?: AddonSettings;
  /** Sampling and backend of traces. Has an effect when `jaeger` or `zipkin` is enabled. */
  tracing?: TracingSettings;
}

/** Settings of every telemetry addon. */
export interface AddonSettings {
  /** Chart version. Defaults to the version that this release of Meshwright was tested with. */
  version?: string;
  /** Image reference of the addon's main container. Defaults to the chart's own. */
  image?: string;
  /** The Service in front of the pods. */
  service?: AddonServiceSettings;
  /** A Kubernetes Ingress in front of the addon. Defaults to none. */
  ingress?: AddonIngressSettings;
  /** Exposes the addon at a gateway of the mesh. Defaults to none. */
  gateway?: AddonGatewaySettings;
  /** Values of the addon's chart, merged over the values from the other keys. */
  values?: ChartValues;
}

export interface KialiSettings extends AddonSettings {
  /** True: no login, for demonstrations. Defaults to false: users log in with a Kubernetes token. */
  anonymous?: boolean;
}

export interface GrafanaSettings extends AddonSettings {
  /** True: read access without login, for demonstrations. Defaults to false. */
  anonymous?: boolean;
  /** Password of `admin`; set it as a Pulumi secret. Defaults to one that the chart generates in the Secret `grafana`. */
  password?: string;
  /** Name of a Secret in the addons' namespace with `admin-user` and `admin-password`, instead of `password`. */
  passwordSecret?: string;
  /** Dashboards: file name → URL, which Grafana's pod downloads when it starts. Default to Istio's own; use `{}` in a cluster without internet access. */
  dashboards?: Record<string, string>;
}

export interface AddonServiceSettings {
  /** Type of the Service of the addon's web page. Defaults to `ClusterIP`. */
  type?: ServiceType;
  /** Fixed node port of the web page, for `NodePort`. Defaults to one that the cluster picks. */
  nodePort?: number;
  /** More annotations. */
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
  /** More annotations. */
  annotations?: Record<string, string>;
}

/** An Istio Gateway and VirtualService, both named `<addon>-gateway`. */
export interface AddonGatewaySettings {
  host: string;
  /** Key in `gateways`. Defaults to `istio-ingressgateway`. */
  gateway?: string;
  /** Secret with the certificate of the host, in the gateway's namespace; served at port 443. */
  credentialName?: string;
  /** True: plain HTTP at port 80, without a certificate. Defaults to false. */
  insecure?: boolean;
}

export interface TracingSettings {
  /** The addon that receives spans and that the Services `tracing` and `zipkin` select. Defaults to `jaeger` if enabled, else `zipkin`. */
  backend?: TracingBackend;
  /** Percentage of requests that are traced, from 0 to 100. Defaults to Istio's own: 1, or 100 in profile `demo`. */
  sampling?: number;
  /** Name of an existing extension provider of the mesh, for a stack without `istio`. Defaults to one that the stack adds. */
  provider?: string;
}

export type TracingBackend = 'jaeger' | 'zipkin';

export interface CertManagerSettings {
  /** Namespace of cert-manager. Defaults to `cert-manager`. */
  namespace?: string;
  /** Chart version. Defaults to the one the Pulumi package picks. */
  version?: string;
  /** The ClusterIssuer: its name, and cert-manager's issuer spec, verbatim. Defaults to `selfsigned` with a self-signed issuer. */
  issuer?: { name: string; spec: Record<string, unknown> };
}
