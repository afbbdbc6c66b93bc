import * as pulumi from '@pulumi/pulumi';
import type { AppSettings } from '../../mesh/manifests/apps/settings';
import type { Verbatim } from '../../mesh/manifests/verbatim';
import type { Selective } from '../child-options';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { appResources, checkedAppObjects, routesTo, serviceNames, type AppOptions } from './app-resources';

export interface BookinfoArgs extends AppOptions {
  /** Namespace of the app's objects. */
  namespace: string;
  /** Image version. Defaults to the sample's own. */
  version?: string;
  /** Registry and path before the image names. Defaults to the sample's own. */
  hub?: string;
  /** Replicas by workload, e.g. `reviews-v3: 2`. Default to 1. */
  replicas?: Record<string, number>;
  /** Workloads by name, merged over the sample's. `install: false` leaves one out; the MySQL and MongoDB backends of ratings are out unless it is true. */
  workloads?: Verbatim<NonNullable<AppSettings['workloads']>>;
  /** Services by name, merged over the sample's. */
  services?: Verbatim<NonNullable<AppSettings['services']>>;
  /** What the ServiceAccounts look like. */
  serviceAccounts?: NonNullable<AppSettings['serviceAccounts']>;
}

/** Istio's Bookinfo: productpage, details, ratings, and reviews in three versions. It must depend on its namespace and the control plane, so that its pods get their sidecars. */
export class Bookinfo extends pulumi.ComponentResource implements Selective {
  /** Namespace of the app. */
  readonly namespace: string;
  /** Names of its Services. */
  readonly services: string[];

  /**
   * @param opts - resource options; rename the component with `aliases`
   * @throws pulumi.ResourceError listing every mandatory finding on the app's objects, before anything is registered.
   */
  constructor(name: string, args: BookinfoArgs, opts?: pulumi.ComponentResourceOptions) {
    const objects = checkedAppObjects(name, { ...args, app: 'bookinfo' });
    super('meshwright:index:Bookinfo', name, {}, opts);
    appResources(this, name, objects, args, opts);
    this.namespace = args.namespace;
    this.services = serviceNames(objects);
    this.registerOutputs({ namespace: this.namespace, services: this.services });
  }

  /** @internal A route waits for the apps that it sends requests to. */
  neededBy(object: KubernetesObject): boolean {
    return routesTo(object, this);
  }
}
