import { labProcessNames } from '../types';

/** Every program that a lab is made of, beside Envoy and Istio's charts. */
export const programNames = [
  ...labProcessNames,
  'kubectl',
  'pilot-discovery',
  'pulumi',
  'pulumi-resource-kubernetes',
] as const;

export type ProgramName = (typeof programNames)[number];

/** Major and minor version. */
export type MinorVersion = readonly [major: number, minor: number];

/** A group of programs that one `go build` compiles, because they use the same module versions. */
export type Batch = 'kubernetes-and-istio' | 'kubernetes-provider' | 'node' | 'prometheus';

export interface Program {
  readonly batch: Batch;
  /** Go package of its main function. */
  readonly package: string;
  /** How a version on PATH is judged. Undefined for programs of the project's own, which are always built. */
  readonly version?: {
    /** Oldest version that can be used when the machine has one. */
    readonly oldest: MinorVersion;
    /** Why it has to be that new. */
    readonly because: string;
    /** Arguments that make it print its version. */
    readonly args: readonly string[];
  };
}

function program(
  name: string,
  oldest: MinorVersion,
  because: string,
  args: readonly string[] = ['--version'],
): Program {
  return { batch: 'kubernetes-and-istio', package: name, version: { oldest, because, args } };
}

const CRD_RULES = "Istio's CRDs need the validation rules of Kubernetes 1.30";

export const programs: Readonly<Record<ProgramName, Program>> = {
  etcd: program('go.etcd.io/etcd/server/v3', [3, 5], 'the API server needs etcd 3.5'),
  'kube-apiserver': program('k8s.io/kubernetes/cmd/kube-apiserver', [1, 30], CRD_RULES),
  'kube-controller-manager': program('k8s.io/kubernetes/cmd/kube-controller-manager', [1, 30], CRD_RULES),
  'kube-scheduler': program('k8s.io/kubernetes/cmd/kube-scheduler', [1, 30], CRD_RULES),
  kwok: program('sigs.k8s.io/kwok/cmd/kwok', [0, 5], 'older ones do not know all flags in use'),
  kubectl: program('k8s.io/kubernetes/cmd/kubectl', [1, 27], 'older ones are untested', ['version', '--client']),
  'pilot-discovery': program(
    'istio.io/istio/pilot/cmd/pilot-discovery',
    [1, 31],
    "it has to fit the charts, which are of Istio 1.31's line",
    ['version'],
  ),
  pulumi: program('github.com/pulumi/pulumi/pkg/v3/cmd/pulumi', [3, 248], "it has to be as new as the project's SDK", [
    'version',
  ]),
  prometheus: {
    batch: 'prometheus',
    package: 'github.com/prometheus/prometheus/cmd/prometheus',
    version: { oldest: [2, 40], because: 'older ones are untested', args: ['--version'] },
  },
  'pulumi-resource-kubernetes': { batch: 'kubernetes-provider', package: 'meshwright/lab/kubernetes-provider' },
  'lab-node': { batch: 'node', package: 'meshwright/lab/cmd/lab-node' },
};

/** The processes that are only supported together when their minor versions agree. */
export const controlPlane = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
