import type { LabProcessName, ProgramName } from './binaries/programs';

/** A failure that its message fully explains; shown without a stack trace. */
export class LabError extends Error {
  override readonly name: string = 'LabError';
}

/** Takes one line of progress. */
export interface Log {
  (line: string): void;
  /** Shows a line that the next one replaces; '' removes it. Undefined where lines cannot be rewritten. */
  readonly rewrite?: ((line: string) => void) | undefined;
}

/** Which lab. */
export interface LabLocation {
  /** Folder whose subfolder `.lab` contains the lab. Defaults to this project. */
  readonly root?: string;
}

export interface LabUpOptions extends LabLocation {
  readonly log: Log;
}

export interface LabDownOptions extends LabLocation {
  readonly log: Log;
  /** Also remove all data of the lab. Defaults to false. */
  readonly purge?: boolean;
}

/** A running lab: a Kubernetes cluster on 127.0.0.1, with the programs that a stack needs. */
export interface Lab {
  /** Absolute path of the lab's folder. */
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
  /** Why there are no proxies; undefined when an Envoy was found. */
  readonly noEnvoy?: string;
  /** Port on 127.0.0.1 of lab-node's `/status` and of the proxies' metrics, `/metrics`. */
  readonly nodePort: number;
  /** Port on 127.0.0.1 of lab-node's HTTP proxy into the cluster. */
  readonly egressPort: number;
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  /** Version the API server reports, such as `v1.34.2`. */
  readonly version: string;
  /** `process.env` with the lab's KUBECONFIG, and with kubectl's cache outside the home directory. */
  readonly env: NodeJS.ProcessEnv;
}

interface LabProcessStatus {
  readonly name: LabProcessName;
  readonly running: boolean;
  /** Undefined when it does not run. */
  readonly pid?: number;
  /** Port on 127.0.0.1; undefined before the first `labUp`. */
  readonly port?: number;
  /** Absolute path of its log. */
  readonly logFile: string;
}

export interface LabStatus {
  readonly stateDir: string;
  readonly processes: readonly LabProcessStatus[];
  /** Undefined before the first `labUp`. */
  readonly kubeconfig?: string;
  /** `http://127.0.0.1:<port>` of the HTTP proxy into the cluster; undefined before the first `labUp`. */
  readonly proxy?: string;
  readonly apiServer: {
    readonly reachable: boolean;
    /** Undefined when not reachable. */
    readonly version?: string;
    /** Undefined before the first `labUp`. */
    readonly url?: string;
  };
}
