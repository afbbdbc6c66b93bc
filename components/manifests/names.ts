/**
 * Names of the objects that Meshwright makes. All of them are injective per namespace: service keys and versions are DNS labels, so that neither holds a dot,
 * and `<service>` and `<service>.<version>` can never meet.
 */

/** Name of a service's VirtualService, and of its DestinationRule when it has no versions. */
export function serviceObjectName(service: string): string {
  return service;
}

/** Name of the DestinationRule of one version. */
export function versionRuleName(service: string, version: string): string {
  return `${service}.${version}`;
}

/** The value that Istio's gateway chart gives the label `istio`: the release name without the prefix `istio-`. */
export function gatewayLabel(gateway: string): string {
  return gateway.replace(/^istio-/, '');
}

/** Longest name of a Service, label value or DNS label (RFC 1123). */
export const labelMaxLength = 63;

/** RFC 1123 label: what a namespace, a Service key and an Istio subset must be. */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
