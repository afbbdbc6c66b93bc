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

/** Value of a Kubernetes label. */
export const labelValue = /^(?=.{0,63}$)([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** RFC 1123 subdomain, of at most 253 characters: a host name. */
export const dnsSubdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Key of a Kubernetes label or annotation: a name, with or without a domain before it. */
export const labelKey =
  /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?(?=.{1,63}$)[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Why an Ingress cannot have this host: Kubernetes takes a DNS name, whose first label may be `*`, and no address. */
export function ingressHostProblem(host: string): string | undefined {
  const valid = dnsSubdomain.test(host.replace(/^\*\./, '')) && !/^\d+(\.\d+){3}$/.test(host);
  return valid
    ? undefined
    : 'the host of an Ingress must be a DNS name in lower case, e.g. kiali.example.com or *.example.com, and no address';
}

/** RFC 1123 label: what a namespace, a Service key and an Istio subset must be. */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
