import type { LiveObject } from '../../cluster/api';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';

/** A value, or why it could not be read. */
export type Fact<T> = { value: T } | { unknown: string };

/** A problem, with its place and what to do about it. */
export interface Finding {
  what: string;
  where: string;
  fix: string;
}

/** A check needs a fact that could not be read. */
export class UnknownFact extends Error {
  override name = 'UnknownFact';
}

/** The value of a fact. @throws UnknownFact */
export function known<T>(fact: Fact<T>): T {
  if ('unknown' in fact) throw new UnknownFact(fact.unknown);
  return fact.value;
}

/** The programs and files of this machine. */
export interface LocalFacts {
  node: string;
  /** Versions of programs on PATH; undefined for a program that is missing or does not answer. */
  programs: Readonly<Record<Program, string | undefined>>;
  /** Versions of Pulumi's plugin `kubernetes`. */
  kubernetesPlugins: Fact<readonly string[]>;
  /** Whether the files of the route provider are in place. */
  routeProvider: boolean;
  /** Sources of charts that do not answer, or do not exist. */
  charts: Fact<readonly { source: string; problem: string }[]>;
  /** Whether the cluster is the lab, which brings its own programs and charts. */
  usesLab: boolean;
  /** Problems of the stack file; empty when there is none. */
  stackProblem: string;
}

export type Program = 'go' | 'pulumi' | 'kubectl' | 'python3';

/** A Secret, without its private parts. */
export interface SecretFact {
  /** Certificates by key of the Secret, as PEM. */
  certificates: Readonly<Record<string, string>>;
}

/** One answer of the API server about what the user may do. */
export interface Right {
  verb: string;
  /** `apps/deployments`, `secrets` */
  resource: string;
  /** Undefined for a cluster-scoped resource, or for all namespaces. */
  namespace: string | undefined;
  allowed: boolean;
}

export const listed = {
  namespaces: 'Namespace',
  pods: 'Pod',
  services: 'Service',
  endpointSlices: 'EndpointSlice.discovery.k8s.io',
  istiods: 'Deployment.apps',
  injectors: 'MutatingWebhookConfiguration.admissionregistration.k8s.io',
  validators: 'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
  gateways: 'Gateway.networking.istio.io',
  helmSecrets: 'Secret',
} as const;

export type Listed = keyof typeof listed;

/** The objects of a cluster that the checks look at. */
export interface ClusterFacts {
  /** Version of Kubernetes, e.g. `v1.34.2`. */
  version: Fact<string>;
  objects: Readonly<Record<Listed, Fact<readonly LiveObject[]>>>;
  /** Root certificates of each control plane, as PEM, by its namespace; undefined when istiod has published none. */
  roots: Fact<ReadonlyMap<string, string | undefined>>;
  /** Secrets with certificates, by `namespace/name`; undefined for one that does not exist. */
  secrets: ReadonlyMap<string, Fact<SecretFact | undefined>>;
  rights: Fact<readonly Right[]>;
  now: Date;
  /** Version of Istio that the stack file asks for. */
  wantedIstio: string | undefined;
}

/** The parts of a stack that the checks look at. */
export interface StackFacts {
  /** Helm releases; those of gateways create no cluster-scoped objects. */
  releases: readonly { namespace: string; bringsClusterObjects: boolean }[];
  objects: readonly KubernetesObject[];
  /** Namespaces of the proxies that an update asks for proof; empty without routes or without proof. */
  asked: readonly string[];
  wantedIstio: string | undefined;
}
