import * as pulumi from '@pulumi/pulumi';
import { childOptions } from './child-options';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import type { Verbatim } from '../mesh/manifests/verbatim';
import { objectsInPhases } from './object-phases';
import { refuseFindings, type CheckOptions } from './refuse-findings';
import type { SecretOptions } from './secret-options';

export interface ObjectsArgs extends SecretOptions {
  /** Kubernetes or Istio objects, verbatim. */
  objects: Verbatim<KubernetesObject[]>;
  /** Options of the check of the objects; false when they were checked already, together with all others. */
  policy?: Verbatim<CheckOptions | false>;
}

/** Any objects, one resource each, in an order that is right for their kinds. */
export class Objects extends pulumi.ComponentResource {
  /**
   * @param opts - resource options; rename the component with `aliases`
   * @throws pulumi.ResourceError listing every mandatory finding on the objects, before anything is registered.
   */
  constructor(name: string, args: ObjectsArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseFindings(`component ${name}`, args.objects, args.policy);
    super('meshwright:index:Objects', name, {}, opts);
    const options = (before: pulumi.Resource[], object: KubernetesObject): pulumi.CustomResourceOptions =>
      childOptions(this, opts, before, object);
    objectsInPhases(name, args.objects, options, args.secret);
    this.registerOutputs({});
  }
}
