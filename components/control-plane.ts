import type * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { childOptions } from './child-options';
import { helmRelease, type HelmOptions } from './helm-release';
import { defaultInjectorTimeout, injectorReady } from './injector';
import { kubernetesObject } from './kubernetes-object';
import { controlPlaneNamespace, controlPlaneReleases, meshPeerAuthentication } from '../mesh/manifests/control-plane';
import type { IstioSettings } from '../mesh/manifests/settings';
import { MeshNamespace } from './mesh-namespace';
import type { SecretOptions } from './secret-options';

export interface IstioControlPlaneArgs extends IstioSettings, HelmOptions, SecretOptions {
  /** Make the control plane's namespace too. Defaults to true. */
  createNamespace?: boolean;
  /** Longest wait, in seconds, until the sidecar injector can be called. 0 does not wait, for a cluster where istiod does not run. Defaults to 600. */
  injectorTimeoutSeconds?: number;
}

/**
 * Istio's control plane: the charts base, cni, istiod and ztunnel as Helm releases, one after the other, and mesh-wide mTLS. Istio objects that depend on it find their CRDs, workloads that depend
 * on it get their sidecar.
 */
export class IstioControlPlane extends pulumi.ComponentResource {
  /** Namespace of the control plane, the mesh's root namespace. */
  readonly namespace: string;

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: IstioControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:IstioControlPlane', name, {}, opts);
    const ready: pulumi.Resource[] = [];
    this.namespace = controlPlaneNamespace(args);
    if (args.createNamespace !== false) {
      ready.push(new MeshNamespace(`${name}-${this.namespace}`, { name: this.namespace }, childOptions(this, opts)));
    }
    ready.push(...releasesInOrder(name, args, (after) => childOptions(this, opts, [...ready, ...after])));
    const timeout = args.injectorTimeoutSeconds ?? defaultInjectorTimeout;
    if (timeout > 0) injectorReady(`${name}-injector`, args, timeout, childOptions(this, opts, ready));
    const peerAuthentication = meshPeerAuthentication(args)?.object;
    if (peerAuthentication !== undefined) {
      kubernetesObject(`${name}-mtls`, peerAuthentication, childOptions(this, opts, ready));
    }
    this.registerOutputs({ namespace: this.namespace });
  }
}

/** Each release waits for those that it names. */
function releasesInOrder(
  name: string,
  args: IstioControlPlaneArgs,
  options: (after: pulumi.Resource[]) => pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const made = new Map<string, kubernetes.helm.v3.Release>();
  for (const release of controlPlaneReleases(args)) {
    const after = release.after.flatMap((other) => made.get(other) ?? []);
    made.set(release.name, helmRelease(`${name}-${release.name}`, release, args, options(after)));
  }
  return [...made.values()];
}
