import type { MeshOptions } from '../mesh/model/mesh-model';
import type { Level } from './finding';

/** What a check may be told about the world outside the objects. All of it is optional. */
export interface CheckOptions {
  /** Levels by rule id; `off` switches a rule off. Default to each rule's own level. */
  rules?: Record<string, Level | 'off'>;
  /** Things that exist although they are not among the objects. A list may hold `*` for "whatever is named exists". */
  externals?: {
    namespaces?: string[];
    /** Istio Gateways as `namespace/name`. */
    gateways?: string[];
    /** Hosts as FQDN, e.g. `api.example.com` or `mysql.legacy.svc.cluster.local`. */
    hosts?: string[];
    /** Workloads as `namespace/name`. */
    workloads?: string[];
    /** Secrets as `namespace/name`. */
    secrets?: string[];
    /** ServiceAccounts as `namespace/name`. */
    serviceAccounts?: string[];
  };
  /** Root namespace, domain and MeshConfig, where no object says them. */
  mesh?: MeshOptions;
  /** Version of the Istio that will judge and run the objects, e.g. `1.30.3`. Defaults to the version that the schemas are of. */
  istioVersion?: string;
  /** Largest change of a weight in one update, in percentage points. Defaults to no limit. */
  maxStep?: number;
  /** Largest weight with which a version may appear. Defaults to no limit. */
  initialStep?: number;
  /** Name of the environment, e.g. `prod`; rules for production hold in `prod` and `production`. */
  environment?: string;
  /**
   * The objects and `externals` are all there is: a name that neither holds does not exist. Defaults to false, so that only namespaces of which the objects hold Services
   * or workloads count as described.
   */
  complete?: boolean;
  /** Gateway workloads that no object shows, such as those of Helm releases. Left out, nothing is said of a Gateway that selects no workload. */
  gatewayWorkloads?: GatewayWorkload[];
  /** Control plane revisions and tags that are installed. Left out, nothing is said of a namespace's revision. */
  revisions?: string[];
  /** Objects, as `namespace/name` or `*`, whose weights a rollout controller such as Argo Rollouts or Flagger moves. */
  rolloutController?: string[];
  /** `meshwright:routes` of the stack as the program gets it, for `config-matches-emitted`. Left out, nothing is compared. */
  routes?: unknown;
  /** Moment at which certificates must be valid. Defaults to now. */
  now?: Date;
}

/** A gateway workload as far as Gateways can tell. */
export interface GatewayWorkload {
  namespace: string;
  /** Labels of its pods. */
  labels: Record<string, string>;
  /** Ports of its Service. Left out, nothing is said of ports. */
  ports?: { port: number; targetPort?: number }[];
}
