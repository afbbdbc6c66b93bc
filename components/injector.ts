import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { controlPlaneNamespace } from '../mesh/manifests/control-plane';
import type { IstioSettings } from '../mesh/manifests/settings';

/** Longest wait for the injector, in seconds, unless a component says otherwise. */
export const defaultInjectorTimeout = 600;

/** Name of the injector's MutatingWebhookConfiguration, as the istiod chart makes it. */
export function injectorWebhookName(istio: IstioSettings): string {
  const namespace = controlPlaneNamespace(istio);
  return [
    'istio-sidecar-injector',
    ...(istio.revision === undefined ? [] : [istio.revision]),
    ...(namespace === 'istio-system' ? [] : [namespace]),
  ].join('-');
}

/**
 * Waits until istiod has written its CA into the injector's webhook. A Ready istiod is not enough: until then the API server cannot call the webhook, and pods are refused or come up without
 * a sidecar (https://github.com/istio/istio/issues/61049). The patch sets one annotation, by which the provider waits.
 * @param timeoutSeconds - after which the update fails
 * @param opts - must make it wait for the release of istiod, else the patch would make a webhook of its own
 */
export function injectorReady(
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
    // The webhook goes with istiod's release. Taking the annotation back after that would make an empty webhook, which Helm then refuses to adopt.
    { ...opts, retainOnDelete: true, customTimeouts: { create: timeout, update: timeout } },
  );
}
