import * as pulumi from '@pulumi/pulumi';
import type { AppSettings } from '../../mesh/manifests/apps/settings';
import type { Selective } from '../child-options';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { appResources, checkedAppObjects, routesTo, serviceNames, type AppOptions } from './app-resources';

export interface AppArgs extends AppSettings, AppOptions {}

/** A sample app, or one of your own: workloads, the Services before them, ServiceAccounts. It must depend on its namespace and the control plane, so that its pods get their sidecars. */
export class App extends pulumi.ComponentResource implements Selective {
  /** Namespace of the app. */
  readonly namespace: string;
  /** Names of its Services. */
  readonly services: string[];

  /**
   * @param opts - resource options; rename the component with `aliases`
   * @throws pulumi.ResourceError listing every mandatory finding on the app's objects, before anything is registered.
   */
  constructor(name: string, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
    const objects = checkedAppObjects(name, args);
    super('meshwright:index:App', name, {}, opts);
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
