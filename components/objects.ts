import * as pulumi from '@pulumi/pulumi';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';
import type { Verbatim } from '../mesh/manifests/verbatim';
import { destinationServices } from './apps';
import { childOptions, type DependencyFilter, objectId, objectsInPhases, type SecretOptions } from './resources';

export interface ObjectsArgs extends SecretOptions {
  /** Kubernetes or Istio objects, verbatim. */
  objects: Verbatim<KubernetesObject[]>;
}

/** Any objects, one resource each, in an order that suits their kinds. */
export class Objects extends pulumi.ComponentResource implements DependencyFilter {
  /** Its Services, and those that its DestinationRules are for, each as `namespace/name`. */
  readonly services: string[];

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: ObjectsArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:Objects', name, {}, opts);
    const services = args.objects.filter(({ kind }) => kind === 'Service').map(objectId);
    const ruled = args.objects.filter(({ kind }) => kind === 'DestinationRule').flatMap(destinationServices);
    this.services = [...new Set([...services, ...ruled.map(serviceId)])];
    const options = (before: pulumi.Resource[], object: KubernetesObject): pulumi.CustomResourceOptions =>
      childOptions(this, opts, before, object);
    objectsInPhases(name, args.objects, options, args.secret);
    this.registerOutputs({ services: this.services });
  }

  /** @internal A route waits for the Services that it sends requests to, their workloads and their DestinationRules. */
  neededBy(object: KubernetesObject): boolean {
    return destinationServices(object).some((service) => this.services.includes(serviceId(service)));
  }
}

function serviceId({ name, namespace = 'default' }: ReturnType<typeof destinationServices>[number]): string {
  return `${namespace}/${name}`;
}
