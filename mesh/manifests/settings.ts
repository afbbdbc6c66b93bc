import type { ChartSource, ChartValues } from './release';
import type { ServiceType } from './kubernetes';
import type { AppSettings } from './apps/settings';
import type { AddonsSettings } from './addons/settings';
import type { KubernetesObject } from './kubernetes';
import type {
  DestinationHeaders,
  GatewayServer,
  HttpRoute,
  NetworkingVersion,
  TcpRoute,
  TlsRoute,
  TrafficPolicy,
  WorkloadSelector,
} from './istio';
import type { Verbatim } from './verbatim';

/** A stack file, one property per `meshwright:` key. Every section is optional; an empty stack is valid. */
export interface StackSettings {
  /** The Istio control plane. Without it the stack installs none and uses the one in the cluster. */
  istio?: IstioSettings;
  /** Gateway workloads by release name, e.g. `istio-ingressgateway`. */
  gateways?: Record<string, GatewaySettings>;
  /** Namespaces by name. */
  namespaces?: Record<string, NamespaceSettings>;
  /** Sample apps and your own, by name. */
  apps?: Record<string, AppSettings>;
  /** Telemetry addons and cert-manager. */
  addons?: AddonsSettings;
  /** Routes: namespace → service → route. */
  routes?: Record<string, Record<string, RouteSettings>>;
  /** Shifts that `meshwright shift --tick` starts and continues: namespace → service → rollout. */
  rollouts?: Record<string, Record<string, RolloutSettings>>;
  /** Any Kubernetes or Istio object, verbatim. */
  objects?: KubernetesObject[];
  /** Existing objects and Helm releases that the stack takes over: all, or those with these titles, e.g. `VirtualService shop/pay`. Defaults to none: what exists is refused. */
  adopt?: boolean | string[];
  /** How an update makes sure that its routes are live. */
  proof?: ProofSettings;
  /** Tests of routing: an update that would fail one is refused. */
  expect?: ExpectationSettings[];
}

/** The expected result of a request: its destination, or the status of a proxy's answer. */
export interface ExpectationSettings {
  /** `[METHOD ][PROTOCOL://]HOST[:PORT][/PATH]`, or a map with headers too. */
  request: string | { url: string; method?: string; headers?: Record<string, string> };
  /** The sender: `gateway NAME`, `workload NAMESPACE/NAME`, `plain NAMESPACE`, a namespace, or `NAMESPACE LABEL=VALUE`. */
  from?: string;
  /** Service, perhaps with a subset: `reviews`, `reviews.bookinfo v3`. */
  to?: string;
  /** Status of a proxy's own answer, instead of `to`. */
  status?: number;
  /** Percentage of the requests. Defaults to 100. */
  share?: number;
}

/**
 * Before a route changes, an update waits until every proxy can reach the new destinations; afterwards it waits until every proxy serves the route. Only then
 * are subsets removed that the route no longer uses. istiod says what each proxy has acknowledged.
 */
export interface ProofSettings {
  /** Defaults to true. */
  enabled?: boolean;
  /** Timeout for one route, in seconds. After it the update fails and names the proxies that lag, with what they serve. Defaults to 60. */
  timeoutSeconds?: number;
  /**
   * Also fail when istiod cannot be reached: not in the cluster, no answer, no permission to forward a port. Defaults
   * to false: warn, and continue without proof.
   */
  strict?: boolean;
  /**
   * Seconds for which a version is kept after its last route, so that open connections can drain. Defaults to 5, as
   * Istio's terminationDrainDuration.
   */
  drainSeconds?: number;
  /** Addresses of all istiod replicas, `host[:port]` of port 15014. Default to port-forwards to the istiod pods, which need permission to list pods and to create pods/portforward. */
  istiod?: string[];
  /** Admin endpoints of proxies, `host[:port]` of port 15000, by `<pod>.<namespace>`. Default to port-forwards to their pods. For a proxy that does not answer, its acknowledgement counts. */
  proxies?: Record<string, string>;
}

/** Istio's charts, by the names they have in Istio's repository. */
export type IstioChart = 'base' | 'istiod' | 'cni' | 'ztunnel' | 'gateway';

export interface IstioSettings {
  /** Chart version. Defaults to the newest that this version of Meshwright is tested with. */
  version?: string;
  /** Istio's installation profile, e.g. `default`, `demo`, `minimal`, `ambient`. Defaults to the charts' own default. */
  profile?: string;
  /** Control plane revision, which namespaces name in their own `revision`. Defaults to none. */
  revision?: string;
  /** Namespace of the control plane, which is also the mesh's root namespace. Defaults to `istio-system`. */
  namespace?: string;
  /** Image hub. Defaults to the charts' own. */
  hub?: string;
  /** Where the charts come from. Defaults to Istio's Helm repository. */
  charts?: ChartSource;
  /** Mesh-wide mTLS mode, as a PeerAuthentication `default` in the root namespace. Defaults to none, which means PERMISSIVE. */
  mtls?: Verbatim<'STRICT' | 'PERMISSIVE' | 'DISABLE'>;
  /** Istio's MeshConfig, verbatim. */
  meshConfig?: Verbatim<Record<string, unknown>>;
  /** Install the CNI node agent. Defaults to false, except that profile `ambient` needs it. */
  cni?: boolean;
  /** Install ztunnel. Defaults to false, except that profile `ambient` needs it. */
  ztunnel?: boolean;
  /** Helm release names by chart. Default to `istio-base`, `istiod`, `istio-cni`, `ztunnel`. */
  releaseNames?: Verbatim<Partial<Record<Exclude<IstioChart, 'gateway'>, string>>>;
  /** Chart values by chart, merged over the values from the other keys. */
  values?: Verbatim<Partial<Record<IstioChart, ChartValues>>>;
}

export interface GatewaySettings {
  /** Namespace of the workload. Defaults to `istio-ingress`. */
  namespace?: string;
  /** False: the workload exists already, and only its Gateways and other objects are created. Defaults to true. */
  install?: boolean;
  /** Pod labels that Istio Gateways select. Default to `istio: <name without "istio-">`, as the gateway chart sets it. */
  labels?: Record<string, string>;
  /** The Service in front of the pods. */
  service?: GatewayServiceSettings;
  /** A Kubernetes Ingress in front of the gateway. Defaults to none. */
  ingress?: IngressSettings;
  /** A certificate from cert-manager for the gateway (needs `addons.certManager`, or cert-manager in the cluster). Defaults to none. */
  certificate?: CertificateSettings;
  /** Istio Gateways that select this workload: namespace → name → Gateway. */
  gateways?: Record<string, Record<string, IstioGatewaySettings>>;
  /** Values of the gateway chart, merged over the values from the other keys. */
  values?: Verbatim<ChartValues>;
}

export interface GatewayServiceSettings {
  /** Defaults to `LoadBalancer`, the chart's own default. */
  type?: Verbatim<ServiceType>;
  /** Service ports. Default to status-port 15021, http2 80, https 443; with profile `demo`, unless the type is `ClusterIP`, also tcp 31400 and tls 15443. */
  ports?: ServicePortSettings[];
  /** Fixed node ports by port name, for NodePort and LoadBalancer; 30000..32767 unless the cluster's range differs. */
  nodePorts?: Record<string, number>;
  /** More annotations. */
  annotations?: Record<string, string>;
}

export interface ServicePortSettings {
  /** Name of the port. */
  name: string;
  /** Port of the Service. */
  port: number;
  /** Port of the pods. Defaults to `port`. */
  targetPort?: number;
  /** Defaults to TCP. */
  protocol?: Verbatim<'TCP' | 'UDP'>;
}

export interface IngressSettings {
  /** Name of the Ingress. Defaults to the gateway's name. */
  name?: string;
  /** Defaults to the cluster's default class. */
  className?: string;
  /** Hosts that are sent to the gateway. Default to every host. */
  hosts?: string[];
  /** Gateway Service port. Defaults to 80. */
  port?: number;
  /** Secret with the certificate for those hosts. Defaults to no TLS. */
  tlsSecret?: string;
  /** More annotations. */
  annotations?: Record<string, string>;
}

export interface CertificateSettings {
  /** Host names of the certificate. */
  dnsNames: string[];
  /** Defaults to `<gateway name>-cert`. Name it as `tls.credentialName` in a server. */
  secretName?: string;
  /** Issuer or ClusterIssuer by name. Defaults to the ClusterIssuer of `addons.certManager.issuer`. */
  issuer?: Verbatim<{ name: string; kind?: 'Issuer' | 'ClusterIssuer' }>;
}

/** Metadata of an Istio object. */
export interface ObjectSettings {
  /** Defaults to the name derived from the key in the stack file. */
  name?: string;
  /** Defaults to `networking.istio.io/v1`. */
  apiVersion?: Verbatim<NetworkingVersion>;
  /** More labels. */
  labels?: Record<string, string>;
  /** More annotations. */
  annotations?: Record<string, string>;
}

/** Settings of an object that other namespaces may see. */
export interface ExportedObjectSettings extends ObjectSettings {
  /** Namespaces that see the object: names, `.` or `*`. Defaults to every namespace, as in Istio. */
  exportTo?: string[];
}

export interface IstioGatewaySettings extends ObjectSettings {
  /** Istio's Server list, verbatim. Defaults to port 80, HTTP, hosts `*`. */
  servers?: Verbatim<GatewayServer[]>;
  /** Defaults to the labels of the gateway workload. */
  selector?: Record<string, string>;
}

export interface NamespaceSettings {
  /** Sidecar injection: label `istio-injection` enabled or disabled. Not together with `revision`. Defaults to no label. */
  injection?: boolean;
  /** Injection by a control plane revision: label `istio.io/rev`. */
  revision?: string;
  /** Ambient mode: label `istio.io/dataplane-mode: ambient`. Defaults to false. */
  ambient?: boolean;
  /** The namespace exists already: the stack only sets labels and annotations, and removes them on destroy. Defaults to false; always true for `default` and `kube-*`. */
  existing?: boolean;
  /** More labels. */
  labels?: Record<string, string>;
  /** More annotations. */
  annotations?: Record<string, string>;
}

/** A weight: whole percent from 0 to 100, or `rest` for the remainder. */
export type Weight = number | 'rest';
export type Weights = Record<string, Weight>;

/** A version of a service: an Istio subset, or a Service of its own. */
export interface VersionSettings {
  /** Host of the version's own Service, e.g. `pay-canary`. The version is then no subset. Defaults to none. */
  host?: string;
  /** Istio's Headers for the requests that a split sends to this version, verbatim. */
  headers?: Verbatim<DestinationHeaders>;
  /** Pod labels of the version; an empty map for a subset of all pods. Default to `version: <name>`. */
  labels?: Record<string, string>;
  /** Istio's TrafficPolicy for this version, verbatim. */
  trafficPolicy?: Verbatim<TrafficPolicy>;
  /** Name of the version's DestinationRule. Defaults to `<service>.<version>`. Ignored if one rule has all subsets. */
  name?: string;
}

export interface RouteSettings {
  /** Destination host. Defaults to the service's key. */
  host?: string;
  /** Destination port. Needed for a service with several ports. Defaults to none. */
  port?: number;
  /** Hosts of the VirtualService; an empty list for one that others delegate to. Default to the destination host. */
  hosts?: string[];
  /** Istio Gateways, `name` or `namespace/name`, and `mesh`. Default to the mesh alone. */
  gateways?: string[];
  /** Versions: a list of names, or name → settings. */
  versions?: Verbatim<string[] | Record<string, VersionSettings>>;
  /** Versions in the order in which a split lists its destinations. Those that it leaves out follow. Defaults to the order of the weights. */
  order?: string[];
  /**
   * The split: version → weight. It applies to every rule without its own destination, and to all requests that no rule matches: a last rule without a match
   * is added unless the list has one. At a gateway it is added only when no other rule uses the split.
   */
  weights?: Verbatim<Weights>;
  /** Istio's HTTPRoute list, verbatim, except that `weights` may replace `route`. */
  http?: Verbatim<HttpRuleSettings[]>;
  /** Rules for TCP connections, in order. */
  tcp?: Verbatim<TcpRuleSettings[]>;
  /** Rules for TLS connections that the proxy does not terminate, in order. */
  tls?: Verbatim<TlsRuleSettings[]>;
  /** Istio's TrafficPolicy for the whole service, verbatim. */
  trafficPolicy?: Verbatim<TrafficPolicy>;
  /** Who sets the weights in the cluster: `argo`, `flagger` or another field manager. Everything but the weights is then written; updates and refreshes leave the weights alone. Defaults to the stack. */
  weightsOwnedBy?: string;
  /** Name, labels, annotations and `exportTo` of the VirtualService. */
  virtualService?: ExportedObjectSettings;
  /** With `name`: one rule with all subsets, instead of one rule per version. */
  destinationRule?: DestinationRuleSettings;
}

/** A shift of a route, see docs/shift.md. The update of a stack ignores it. */
export interface RolloutSettings {
  /** The version that gets all requests, or a split in whole percent. */
  to: string | Record<string, number>;
  /** Other routes that move in lock-step, `namespace/service`. Default to none. */
  with?: string[];
  /** Shares of the way, in rising percent that ends at 100. Default to 5, 25, 50, 100. */
  steps?: number[];
  /** How long each step is measured, e.g. `60s`. Defaults to 60s. */
  every?: string;
  /** Highest share of failed requests, in percent. Defaults to 1. */
  maxErrorRate?: number;
  /** Percentage points by which the new version may fail more often than the stable one. Defaults to any. */
  maxErrorIncrease?: number;
  /** Highest 99th percentile of the latency, e.g. `500ms`. Defaults to any. */
  maxP99?: string;
  /** Percent by which the 99th percentile may exceed that of the stable version. Defaults to any. */
  maxP99Increase?: number;
  /** Requests that a step needs before it is judged. Defaults to 50. */
  minRequests?: number;
  /** Failed measurements that are tolerated. Defaults to 0. */
  failureLimit?: number;
  /** Intervals without a judgement that are tolerated. Defaults to 1. */
  inconclusiveLimit?: number;
  /** Further conditions: PromQL, a comparison and a number. Default to none. */
  queries?: string[];
  /** URLs that are asked at the end of each step. Default to none. */
  webhooks?: string[];
  /** Whether each step waits for an approval. Defaults to false. */
  approve?: boolean;
  /** The way back after a failure. Defaults to `at-once`. */
  back?: 'at-once' | 'steps';
  /** Requests with this header go to the new version first. Defaults to none. */
  header?: { name: string; value: string };
  /** Requests with this cookie go to the new version first. Defaults to none. */
  cookie?: { name: string; value: string };
  /** Share of the requests that is mirrored to the new version first, in percent. Defaults to none. */
  mirror?: number;
  /** How long a client stays with the version that served it first, e.g. `1h`. Defaults to no time. */
  sticky?: string;
  /** URL of Prometheus. Defaults to that of the lab. */
  prometheus?: string;
  /** False: go on by time, webhooks and approvals only. Defaults to true. */
  metrics?: boolean;
  /** Whether each step is committed to git. Defaults to false. */
  commit?: boolean;
}

export type HttpRuleSettings = HttpRoute & { weights?: Weights };
export type TcpRuleSettings = TcpRoute & { weights?: Weights };
export type TlsRuleSettings = TlsRoute & { weights?: Weights };

export interface DestinationRuleSettings extends ExportedObjectSettings {
  /** False: the subsets are in a DestinationRule that something else writes. Defaults to true. */
  install?: boolean;
  /** Host of the rule, where it is spelled in another way. Defaults to the destination host. */
  host?: string;
  /** Versions in the order in which a rule with all subsets lists them. Those that it leaves out follow. Defaults to the order of `versions`. */
  order?: string[];
  /** Pods whose proxies use the rule. Defaults to all. */
  workloadSelector?: Verbatim<WorkloadSelector>;
}
