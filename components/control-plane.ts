import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import {
  childOptions,
  formerly,
  type HelmOptions,
  helmRelease,
  kubernetesObject,
  type SecretOptions,
} from './resources';
import { controlPlaneNamespace, controlPlaneReleases, meshPeerAuthentication } from '../mesh/manifests/control-plane';
import type { IstioSettings } from '../mesh/manifests/settings';
import { Namespace } from './namespace';

export interface ControlPlaneArgs extends IstioSettings, HelmOptions, SecretOptions {
  /** Create the control plane's namespace too. Defaults to true. */
  createNamespace?: boolean;
  /** Longest wait, in seconds, until the API server can call the sidecar injector. 0 does not wait, for a cluster where istiod does not run. Defaults to 600. */
  injectorTimeoutSeconds?: number;
}

/**
 * Istio's control plane: the charts base, cni, istiod and ztunnel as Helm releases, one after the other, and mesh-wide mTLS. Make Istio objects depend on it for their CRDs, and workloads for their
 * sidecars.
 */
export class ControlPlane extends pulumi.ComponentResource {
  /** Namespace of the control plane, the mesh's root namespace. */
  readonly namespace: string;

  /** @param opts - resource options; rename the component with `aliases` */
  constructor(name: string, args: ControlPlaneArgs, opts?: pulumi.ComponentResourceOptions) {
    super('meshwright:index:ControlPlane', name, {}, formerly('IstioControlPlane', opts));
    const ready: pulumi.Resource[] = [];
    this.namespace = controlPlaneNamespace(args);
    if (args.createNamespace !== false) {
      ready.push(new Namespace(`${name}-${this.namespace}`, { name: this.namespace }, childOptions(this, opts)));
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

/** Registers the releases; each waits for the releases that it names. */
function releasesInOrder(
  name: string,
  args: ControlPlaneArgs,
  options: (after: pulumi.Resource[]) => pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const made = new Map<string, kubernetes.helm.v3.Release>();
  for (const release of controlPlaneReleases(args)) {
    const after = release.after.flatMap((other) => made.get(other) ?? []);
    made.set(release.name, helmRelease(`${name}-${release.name}`, release, args, options(after)));
  }
  return [...made.values()];
}

/** Default of the longest wait for the injector, in seconds. */
const defaultInjectorTimeout = 600;

/** Name that the istiod chart gives the injector's MutatingWebhookConfiguration. */
function injectorWebhookName(istio: IstioSettings): string {
  const namespace = controlPlaneNamespace(istio);
  return [
    'istio-sidecar-injector',
    ...(istio.revision === undefined ? [] : [istio.revision]),
    ...(namespace === 'istio-system' ? [] : [namespace]),
  ].join('-');
}

/**
 * Waits until istiod has written its CA into the injector's webhook. A Ready istiod is not enough: until then the API server cannot call the webhook, and pods are refused or start without a sidecar
 * (https://github.com/istio/istio/issues/61049). The patch sets one annotation that makes the provider wait.
 * @param timeoutSeconds - the update fails after it
 * @param opts - must depend on the release of istiod, or the patch would create its own webhook
 */
function injectorReady(
  name: string,
  istio: IstioSettings,
  timeoutSeconds: number,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  const timeout = `${timeoutSeconds}s`;
  return new kubernetes.admissionregistration.v1.MutatingWebhookConfigurationPatch(
    name,
    {
      metadata: {
        name: injectorWebhookName(istio),
        annotations: { 'pulumi.com/waitFor': 'jsonpath={.webhooks[*].clientConfig.caBundle}' },
      },
    },
    {
      ...opts,
      // istiod's release deletes the webhook. Removing the annotation after that would create an empty webhook, which Helm then refuses to adopt.
      retainOnDelete: true,
      // The provider may store the webhook as it was just before the patch, and would then show the annotation as a change in the next preview.
      ignoreChanges: ['metadata.annotations'],
      customTimeouts: { create: timeout, update: timeout },
    },
  );
}
