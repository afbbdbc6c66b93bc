import type { ProgramName } from './binaries/programs';

/** Receives one finished line of talk or progress; the caller decides where it goes (stderr, a test's array …). */
export interface Log {
  (line: string): void;
  /** Shows a line that the next one replaces; '' takes it away. Undefined where lines cannot be rewritten. */
  readonly rewrite?: ((line: string) => void) | undefined;
}

/** The programs a lab consists of, in the order in which they start. */
export const labProcessNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kwok',
  'lab-node',
  'prometheus',
] as const;

export type LabProcessName = (typeof labProcessNames)[number];

/** Where a lab lives. */
export interface LabLocation {
  /** Checkout whose `.lab` folder holds the lab. Defaults to the checkout this file belongs to. */
  readonly root?: string;
}

export interface LabUpOptions extends LabLocation {
  readonly log: Log;
}

export interface LabDownOptions extends LabLocation {
  readonly log: Log;
  /** Also remove everything the lab has stored. Defaults to false. */
  readonly purge?: boolean;
}

/** A running control plane on 127.0.0.1. */
export interface Lab {
  /** Absolute path of the folder with the lab's state. */
  readonly stateDir: string;
  /** Absolute path of a kubeconfig whose only context is the lab's administrator. */
  readonly kubeconfig: string;
  /** Name of the kubeconfig's context. */
  readonly context: string;
  /** Absolute path of kubectl. */
  readonly kubectl: string;
  /** Absolute path of every program. */
  readonly programs: Readonly<Record<ProgramName, string>>;
  /** Folder with Istio's charts: base, istiod, gateway, cni, ztunnel. */
  readonly charts: string;
  /** Why no proxy runs and no request travels; undefined when an Envoy was found. */
  readonly noEnvoy?: string;
  /** Port on 127.0.0.1 of the node's status, `/status`, and of the requests that the proxies have counted, `/metrics`. */
  readonly nodePort: number;
  /** Port on 127.0.0.1 of the node's HTTP proxy into the cluster. */
  readonly egressPort: number;
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  /** Version the API server reports, such as `v1.34.2`. */
  readonly version: string;
  /** `process.env` with KUBECONFIG set to the lab's and kubectl's own files kept out of the home directory. */
  readonly env: NodeJS.ProcessEnv;
}

export interface LabProcessStatus {
  readonly name: LabProcessName;
  readonly running: boolean;
  /** Absent when it does not run. */
  readonly pid?: number;
  /** Port on 127.0.0.1; absent before the first `labUp`. */
  readonly port?: number;
  /** Absolute path of the file with its output. */
  readonly logFile: string;
}

export interface LabStatus {
  readonly stateDir: string;
  readonly processes: readonly LabProcessStatus[];
  /** Absent before the first `labUp`. */
  readonly kubeconfig?: string;
  /** `http://127.0.0.1:<port>` of the HTTP proxy into the mesh; absent before the first `labUp`. */
  readonly proxy?: string;
  readonly apiServer: {
    readonly reachable: boolean;
    /** Absent when not reachable. */
    readonly version?: string;
    /** Absent before the first `labUp`. */
    readonly url?: string;
  };
}
