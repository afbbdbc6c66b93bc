/** A mistake in settings. */
export interface SettingsProblem {
  /** Keys from the checked settings down to the value. */
  path: (string | number)[];
  message: string;
}

/** Longest name of a Service, label value or DNS label (RFC 1123). */
export const labelMaxLength = 63;

/** Value of a Kubernetes label. */
export const labelValue = /^(?=.{0,63}$)([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** RFC 1123 subdomain, of at most 253 characters: a host name. */
export const dnsSubdomain = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Key of a Kubernetes label or annotation: a name with an optional domain prefix. */
export const labelKey =
  /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?(?=.{1,63}$)[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/** Why an Ingress cannot have this host: Kubernetes accepts a DNS name, whose first label may be `*`, but no IP address. */
export function ingressHostProblem(host: string): string | undefined {
  const valid = dnsSubdomain.test(host.replace(/^\*\./, '')) && !/^\d+(\.\d+){3}$/.test(host);
  return valid
    ? undefined
    : 'the host of an Ingress must be a DNS name in lower case, e.g. kiali.example.com or *.example.com, not an IP address';
}

/** RFC 1123 label: what a namespace, a Service key and an Istio subset must be. */
export const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Address of an admin endpoint. */
export interface Address {
  host: string;
  port?: number;
}

/** `host`, `host:port` or `[address]:port`, with a port from 1 to 65535. */
export const addressPattern =
  /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))(?::([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?$/;

/** The message for an address that {@link addressPattern} refuses. */
export const addressRule = 'must be an address, host or host:port, without a scheme or a path';

/** Name of a proxy, as istiod lists it. */
export const proxyNamePattern = /^[^\s.=][^\s=]*\.[^\s.=]+$/;

/** The message for a name that {@link proxyNamePattern} refuses. */
export const proxyNameRule = "must be a proxy's name, <pod>.<namespace>";

/** The parts of an address; undefined for a string that {@link addressPattern} refuses, such as a URL. */
export function parseAddress(text: string): Address | undefined {
  const [, bracketed, plain, port] = addressPattern.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) return undefined;
  return { host, ...(port === undefined ? {} : { port: Number(port) }) };
}

/** Whether the `kubeconfig` of Pulumi's Kubernetes provider is the YAML itself and not a path. The YAML holds credentials. */
export function isKubeconfigText(kubeconfig: string): boolean {
  return kubeconfig.includes('\n') || kubeconfig.trimStart().startsWith('{');
}

const imageHost =
  /(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?|\[[a-fA-F0-9:]+\]/;
const imageComponent = /[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/;
const imagePath = new RegExp(`${imageComponent.source}(?:/${imageComponent.source})*`);
const imageTag = /[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}/;
const imageDigest = /[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}/;
const imageReference = new RegExp(
  `^(?<name>(?:(?:${imageHost.source})(?::[0-9]+)?/)?${imagePath.source})(?::${imageTag.source})?(?:@${imageDigest.source})?$`,
);

/** Longest image name, without tag and digest. */
const longestImageName = 255;

/**
 * Why `image` is not an image reference; undefined for a valid one. Kubernetes leaves a pod with an invalid one in InvalidImageName.
 * https://github.com/distribution/reference (grammar)
 */
export function imageProblem(image: string): string | undefined {
  const name = imageReference.exec(image)?.groups?.['name'];
  if (name === undefined) {
    return 'an image must be [registry[:port]/]name[:tag][@digest], with the name in lower case, e.g. docker.io/istio/pilot:1.30.3';
  }
  return name.length > longestImageName
    ? `an image name must have at most ${longestImageName} characters, this has ${name.length}`
    : undefined;
}

const highestPort = 65535;

export function portProblem(port: number): string | undefined {
  return Number.isInteger(port) && port >= 1 && port <= highestPort
    ? undefined
    : `a port must be a whole number from 1 to ${highestPort}`;
}

/** Why `name` cannot be the name of a container port (RFC 6335). */
export function portNameProblem(name: string): string | undefined {
  const valid = name.length <= 15 && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) && /[a-z]/.test(name);
  return valid
    ? undefined
    : 'the name of a container port must have at most 15 lower-case letters, digits and single "-" between them, and at least one letter';
}

const quantityForm = /^([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]+))?$/;

const quantityFactors: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a Kubernetes quantity stands for: `200m` is 0.2, `1Ki` 1024; undefined for a string that is not one.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export function quantityValue(quantity: string | number): number | undefined {
  const parts = quantityForm.exec(String(quantity));
  if (parts === null) return undefined;
  const [, number, suffix = '', exponent = '0'] = parts;
  return Number(number) * (quantityFactors[suffix] ?? 1) * 10 ** Number(exponent);
}

/** Why `quantity` cannot be the amount of a resource; undefined for a valid one. */
export function quantityProblem(quantity: string | number): string | undefined {
  const value = quantityValue(quantity);
  if (value === undefined) return 'a quantity must be a number with at most one unit, e.g. 200m, 1.5, 64Mi, 2G';
  return value < 0 ? 'a quantity of a resource must not be negative' : undefined;
}

/** A duration: `500ms`, `60s`, `5m`, `1h`, `2d`. */
export const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** A condition on a metric: PromQL, a comparison and a number. */
export const conditionPattern = /^([^]*?\S)\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
