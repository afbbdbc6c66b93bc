import * as pulumi from '@pulumi/pulumi';
import type { AppSettings } from '../manifests/apps/settings';
import { appResources, checkedAppObjects, type AppOptions } from './app-resources';

export interface AppArgs extends AppSettings, AppOptions {}

/** A sample app, or one of your own: workloads, the Services before them, ServiceAccounts. It must depend on its namespace and the control plane, so that its pods get their sidecars. */
export class App extends pulumi.ComponentResource {
  /** Namespace of the app. */
  readonly namespace: pulumi.Output<string>;

  /**
   * @param opts - resource options; rename the component with `aliases`
   * @throws pulumi.ResourceError listing every mandatory finding on the app's objects, before anything is registered.
   */
  constructor(name: string, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
    const objects = checkedAppObjects(name, args);
    super('meshwright:index:App', name, {}, opts);
    appResources(this, name, objects, opts);
    this.namespace = pulumi.output(args.namespace);
    this.registerOutputs({ namespace: this.namespace });
  }
}
