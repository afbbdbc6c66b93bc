import * as pulumi from '@pulumi/pulumi';
import { isKubeconfigText } from '../mesh/manifests/kubeconfig';
import { routeSetType, textsOf, type RouteSetInputs } from '../mesh/manifests/route-set';
import type { KubernetesObject } from '../mesh/manifests/kubernetes';

export interface RouteSetArgs extends Omit<RouteSetInputs, 'objects'> {
  objects: readonly KubernetesObject[];
}

/** All routing objects of one namespace, as one resource (docs/decisions/route-set.md). The provider in provider/ keeps them. */
export class RouteSet extends pulumi.CustomResource {
  /** @param secret - whether the objects are to be encrypted in the state; their names are not */
  constructor(name: string, args: RouteSetArgs, opts: pulumi.CustomResourceOptions, secret = false) {
    const { objects, kubeconfig, ...plain } = args;
    const texts = Object.entries(textsOf(objects)).map(([title, text]) => [title, secret ? pulumi.secret(text) : text]);
    const inputs = { ...plain, objects: Object.fromEntries(texts) as Record<string, pulumi.Input<string>> };
    super(
      routeSetType,
      name,
      { ...inputs, ...(kubeconfig === undefined ? {} : { kubeconfig: sealed(kubeconfig) }) },
      opts,
    );
  }
}

function sealed(kubeconfig: string): pulumi.Input<string> {
  return isKubeconfigText(kubeconfig) ? pulumi.secret(kubeconfig) : kubeconfig;
}
