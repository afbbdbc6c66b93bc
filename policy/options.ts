import type { Level } from './finding';

/** What a check may be told about the world outside the objects. All of it is optional. */
export interface CheckOptions {
  /** Levels by rule id; `off` switches a rule off. Default to each rule's own level. */
  rules?: Record<string, Level | 'off'>;
  /** Things that exist although they are not among the objects. A list may hold `*` for "whatever is named exists". */
  externals?: {
    namespaces?: string[];
    /** Hosts as FQDN, e.g. `api.example.com` or `mysql.legacy.svc.cluster.local`. */
    hosts?: string[];
    /** Workloads as `namespace/name`. */
    workloads?: string[];
    /** ServiceAccounts as `namespace/name`. */
    serviceAccounts?: string[];
  };
  /** Largest change of a weight in one update, in percentage points. Defaults to no limit. */
  maxStep?: number;
  /** Largest weight with which a version may appear. Defaults to no limit. */
  initialStep?: number;
  /** Name of the environment, e.g. `prod`; rules for production hold in `prod` and `production`. */
  environment?: string;
}
