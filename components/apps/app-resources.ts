import type * as pulumi from '@pulumi/pulumi';
import { childOptions } from '../child-options';
import { kubernetesObject } from '../kubernetes-object';
import { appObjects } from '../../mesh/manifests/apps/app';
import type { AppSettings } from '../../mesh/manifests/apps/settings';
import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { injectionAnnotation } from '../../mesh/manifests/namespace';
import type { NamespaceSettings } from '../../mesh/manifests/settings';
import type { Verbatim } from '../../mesh/manifests/verbatim';
import { sendsTo } from '../route-destinations';
import { refuseFindings, type CheckOptions } from '../refuse-findings';
import type { SecretOptions } from '../secret-options';

/** What every app component takes beside the app's own settings. */
export interface AppOptions extends SecretOptions {
  /** Settings of the app's namespace, as its MeshNamespace has them: when the injection that they ask for changes, the workloads are rolled. Default to no injection. */
  namespaceSettings?: NamespaceSettings;
  /** Options of the check of the app's objects; false when they were checked already, together with all others. */
  policy?: Verbatim<CheckOptions | false>;
}

/**
 * The objects of an app, checked.
 * @throws pulumi.ResourceError listing every mandatory finding.
 */
export function checkedAppObjects(app: string, args: AppSettings & AppOptions): KubernetesObject[] {
  const objects = appObjects(app, args, { [args.namespace]: args.namespaceSettings ?? {} }).map(({ object }) => object);
  refuseFindings(`app ${app}`, objects, args.policy);
  return objects;
}

/** Kinds that a pod must find when it is created. Services are not among them: the provider calls a Service ready when it has pods. */
const neededByPods = ['ServiceAccount', 'Secret', 'ConfigMap'];

/** Registers the objects of an app as children of its component. */
export function appResources(
  component: pulumi.ComponentResource,
  name: string,
  objects: KubernetesObject[],
  { secret = false }: SecretOptions,
  opts?: pulumi.ComponentResourceOptions,
): void {
  const register = (object: KubernetesObject, after: pulumi.Resource[]): pulumi.Resource => {
    const options = {
      ...childOptions(component, opts, after, object),
      ...(object.kind === 'Pod' ? replacedByInjection : {}),
    };
    return kubernetesObject(`${name}-${object.metadata.name}`, object, options, secret);
  };
  const needed = objects.filter(({ kind }) => neededByPods.includes(kind)).map((object) => register(object, []));
  for (const object of objects.filter(({ kind }) => !neededByPods.includes(kind))) register(object, needed);
}

export function serviceNames(objects: KubernetesObject[]): string[] {
  return objects.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
}

/** False for routes that send nothing to the app: there they need not wait for it. */
export function routesTo(object: KubernetesObject, app: { namespace: string; services: string[] }): boolean {
  if (apiGroup(object.apiVersion) !== 'networking.istio.io') return true;
  return object.kind === 'VirtualService'
    ? sendsTo(object, app.namespace, app.services)
    : object.kind !== 'DestinationRule';
}

/** A bare Pod has no template that could roll it: the injector sees it again only when it is made anew. */
const replacedByInjection: pulumi.CustomResourceOptions = {
  replaceOnChanges: [`metadata.annotations["${injectionAnnotation}"]`],
};
