import { labProcessNames } from '../types';

/** Every program a lab needs. */
export const programNames = [...labProcessNames, 'kubectl'] as const;

export type ProgramName = (typeof programNames)[number];

/** Major and minor version. */
export type MinorVersion = readonly [major: number, minor: number];

export interface Program {
  /** Go package of its main function. */
  readonly package: string;
  /** Go module that the package belongs to, whose version in go.mod is the program's. */
  readonly module: string;
  /** Oldest version that can be used when the machine has one. */
  readonly oldest: MinorVersion;
  /** Why it has to be that new. */
  readonly because: string;
  /** Arguments that make it print its version. */
  readonly versionArgs: readonly string[];
}

function kubernetes(name: string, oldest: MinorVersion, because: string, versionArgs = ['--version']): Program {
  return { package: `k8s.io/kubernetes/cmd/${name}`, module: 'k8s.io/kubernetes', oldest, because, versionArgs };
}

const CRD_RULES = "Istio's CRDs need the validation rules of Kubernetes 1.30";

export const programs: Readonly<Record<ProgramName, Program>> = {
  etcd: {
    package: 'go.etcd.io/etcd/server/v3',
    module: 'go.etcd.io/etcd/server/v3',
    oldest: [3, 5],
    because: 'the API server needs etcd 3.5',
    versionArgs: ['--version'],
  },
  'kube-apiserver': kubernetes('kube-apiserver', [1, 30], CRD_RULES),
  'kube-controller-manager': kubernetes('kube-controller-manager', [1, 30], CRD_RULES),
  'kube-scheduler': kubernetes('kube-scheduler', [1, 30], CRD_RULES),
  kwok: {
    package: 'sigs.k8s.io/kwok/cmd/kwok',
    module: 'sigs.k8s.io/kwok',
    oldest: [0, 5],
    because: 'older ones do not know all flags in use',
    versionArgs: ['--version'],
  },
  kubectl: kubernetes('kubectl', [1, 27], 'older ones lack ApplySets', ['version', '--client']),
};

/** The processes that are only supported together when their minor versions agree. */
export const controlPlane = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
