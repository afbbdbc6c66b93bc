import * as pulumi from '@pulumi/pulumi';
import { appObjects } from '../mesh/manifests/apps/app';
import type { AppSettings } from '../mesh/manifests/apps/settings';
import { apiGroup, type KubernetesObject } from '../mesh/manifests/kubernetes';
import { injectionAnnotation } from '../mesh/manifests/namespace';
import type { NamespaceSettings } from '../mesh/manifests/settings';
import type { Verbatim } from '../mesh/manifests/verbatim';
import { childOptions, type DependencyFilter, kubernetesObject, type SecretOptions } from './resources';

/** Options of every app, besides its settings. */
export interface AppOptions extends SecretOptions {
  /**
   * Settings of the app's namespace, as passed to its Namespace. A change of injection restarts the workloads.
   * Defaults to no injection.
   */
  namespaceSettings?: NamespaceSettings;
}

export interface AppArgs extends AppSettings, AppOptions {}

/** A sample app, or one of your own: workloads, their Services and ServiceAccounts. It must depend on its namespace and the control plane, so that its pods get their sidecars. */
export class App extends pulumi.ComponentResource implements DependencyFilter {
  /** Namespace of the app. */
  readonly namespace: string;
  /** Names of its Services. */
  readonly services: string[];

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:App', name, {}, opts);
    this.namespace = args.namespace;
    this.services = appResources(this, name, args, opts);
    this.registerOutputs({ namespace: this.namespace, services: this.services });
  }

  /** @internal A route waits for the apps that it sends requests to. */
  neededBy(object: KubernetesObject): boolean {
    return isNeededBy(object, this);
  }
}

export interface BookinfoArgs extends AppOptions {
  /** Namespace of the app's objects. */
  namespace: string;
  /** Image version. Defaults to the sample's own. */
  version?: string;
  /** Registry and path before the image names. Defaults to the sample's own. */
  hub?: string;
  /** Replicas by workload, e.g. `reviews-v3: 2`. Default to 1. */
  replicas?: Record<string, number>;
  /**
   * Workloads by name, merged over the sample's. `install: false` leaves one out. The MySQL and MongoDB backends of
   * ratings need `install: true`.
   */
  workloads?: Verbatim<NonNullable<AppSettings['workloads']>>;
  /** Services by name, merged over the sample's. */
  services?: Verbatim<NonNullable<AppSettings['services']>>;
  /** Names, labels and annotations of the ServiceAccounts. */
  serviceAccounts?: NonNullable<AppSettings['serviceAccounts']>;
}

/** Istio's Bookinfo: productpage, details, ratings, and reviews in three versions. It must depend on its namespace and the control plane, so that its pods get their sidecars. */
export class Bookinfo extends pulumi.ComponentResource implements DependencyFilter {
  /** Namespace of the app. */
  readonly namespace: string;
  /** Names of its Services. */
  readonly services: string[];

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: BookinfoArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:Bookinfo', name, {}, opts);
    this.namespace = args.namespace;
    this.services = appResources(this, name, { ...args, app: 'bookinfo' }, opts);
    this.registerOutputs({ namespace: this.namespace, services: this.services });
  }

  /** @internal A route waits for the apps that it sends requests to. */
  neededBy(object: KubernetesObject): boolean {
    return isNeededBy(object, this);
  }
}

/**
 * Kinds that must exist before a pod is created. Services are not among them: the provider calls a Service ready when
 * it has pods.
 */
const neededByPods = ['ServiceAccount', 'Secret', 'ConfigMap'];

/** Registers the objects of an app as children of its component. Returns the names of its Services. */
function appResources(
  component: pulumi.ComponentResource,
  name: string,
  args: AppSettings & AppOptions,
  opts?: pulumi.ComponentResourceOptions,
): string[] {
  const objects = appObjects(name, args, { [args.namespace]: args.namespaceSettings ?? {} }).map(
    ({ object }) => object,
  );
  const register = (object: KubernetesObject, after: pulumi.Resource[]): pulumi.Resource => {
    const options = {
      ...childOptions(component, opts, after, object),
      ...(object.kind === 'Pod' ? replacedByInjection : {}),
    };
    return kubernetesObject(`${name}-${object.metadata.name}`, object, options, args.secret);
  };
  const needed = objects.filter(({ kind }) => neededByPods.includes(kind)).map((object) => register(object, []));
  for (const object of objects.filter(({ kind }) => !neededByPods.includes(kind))) register(object, needed);
  return objects.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);
}

/** A bare Pod has no template, so it must be replaced for the injector to see it again. */
const replacedByInjection: pulumi.CustomResourceOptions = {
  replaceOnChanges: [`metadata.annotations["${injectionAnnotation}"]`],
};

/** False for routes that send no requests to the app: they need not wait for it. */
function isNeededBy(object: KubernetesObject, app: { namespace: string; services: string[] }): boolean {
  if (apiGroup(object.apiVersion) !== 'networking.istio.io') return true;
  return object.kind === 'VirtualService'
    ? sendsTo(object, app.namespace, app.services)
    : object.kind !== 'DestinationRule';
}

interface Destination {
  destination?: { host?: string };
}

interface Rule {
  route?: Destination[];
  mirror?: { host?: string };
  mirrors?: Destination[];
}

/** Whether a VirtualService sends requests to one of the services of a namespace. */
function sendsTo(virtualService: KubernetesObject, namespace: string, services: string[]): boolean {
  return destinationServices(virtualService).some(
    (service) => service.namespace === namespace && services.includes(service.name),
  );
}

/** The services that a VirtualService sends requests to, and the one that a DestinationRule is for. */
export function destinationServices(object: KubernetesObject): { name: string; namespace: string | undefined }[] {
  const {
    host: ruled,
    http = [],
    tls = [],
    tcp = [],
  } = (object.spec ?? {}) as Partial<Record<'http' | 'tls' | 'tcp', Rule[]>> & { host?: string };
  const routed = [...http, ...tls, ...tcp].flatMap(({ route = [], mirror, mirrors = [] }) => [
    ...[...route, ...mirrors].map(({ destination }) => destination?.host),
    mirror?.host,
  ]);
  return [ruled, ...routed].flatMap((host) => {
    if (host === undefined) return [];
    const [name = '', namespace = object.metadata.namespace] = host.split('.');
    return [{ name, namespace }];
  });
}
