import * as pulumi from '@pulumi/pulumi';
import { childOptions } from './child-options';
import type { SecretOptions } from './helm-release';
import { kubernetesObject, objectId } from './kubernetes-object';
import type { KubernetesObject } from './manifests/kubernetes';
import type { Verbatim } from './manifests/verbatim';
import { refuseFindings, type CheckOptions } from './refuse-findings';

export interface ObjectsArgs extends SecretOptions {
  /** Kubernetes or Istio objects, verbatim. */
  objects: Verbatim<KubernetesObject[]>;
  /** Options of the check of the objects. */
  policy?: Verbatim<CheckOptions>;
}

/** Kinds in the order in which they must reach the API: what others live in or are defined by first, what sends traffic to others last. All else goes in between. */
const firstKinds = ['Namespace', 'CustomResourceDefinition'];
const lastKinds = ['VirtualService'];

/** Any objects, one resource each, in an order that is right for their kinds. */
export class Objects extends pulumi.ComponentResource {
  /**
   * @param opts - resource options; rename the component with `aliases`
   * @throws pulumi.ResourceError listing every mandatory finding on the objects, before anything is registered.
   */
  constructor(name: string, args: ObjectsArgs, opts?: pulumi.ComponentResourceOptions) {
    refuseFindings(`component ${name}`, args.objects, args.policy);
    super('meshwright:index:Objects', name, {}, opts);
    let before: pulumi.Resource[] = [];
    for (const phase of phases(args.objects)) {
      const registered = phase.map((object) =>
        kubernetesObject(`${name}-${objectId(object)}`, object, childOptions(this, opts, before), args.secret),
      );
      before = [...before, ...registered];
    }
    this.registerOutputs({});
  }
}

function phases(objects: KubernetesObject[]): KubernetesObject[][] {
  const first = objects.filter(({ kind }) => firstKinds.includes(kind));
  const last = objects.filter(({ kind }) => lastKinds.includes(kind));
  const between = objects.filter((object) => !first.includes(object) && !last.includes(object));
  return [first, between, last].filter((phase) => phase.length > 0);
}
