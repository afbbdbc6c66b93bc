import * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import type { Verbatim } from '../mesh/manifests/verbatim';
import { childOptions, objectsInPhases, type SecretOptions } from './resources';

export interface ObjectsArgs extends SecretOptions {
  /** Kubernetes or Istio objects, verbatim. */
  objects: Verbatim<KubernetesObject[]>;
}

/** Any objects, one resource each, in an order that suits their kinds. */
export class Objects extends pulumi.ComponentResource {
  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: ObjectsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:Objects', name, {}, opts);
    const options = (before: pulumi.Resource[], object: KubernetesObject): pulumi.CustomResourceOptions =>
      childOptions(this, opts, before, object);
    objectsInPhases(name, args.objects, options, args.secret);
    this.registerOutputs({});
  }
}
