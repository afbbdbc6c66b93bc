import type { ServiceAccountSettings, ServiceSettings, WorkloadSettings } from '../settings';

/** A sample app, as data on the generic workload. `{hub}` and `{version}` in an image stand for the settings of that name. */
export interface KnownApp {
  /** Default of the app's `hub`. */
  hub?: string;
  /** Default of the app's `version`. Left out when the images have a version each. */
  version?: string;
  workloads: Record<string, WorkloadSettings>;
  services?: Record<string, ServiceSettings>;
  serviceAccounts?: Record<string, ServiceAccountSettings>;
}
