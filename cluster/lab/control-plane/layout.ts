import path from 'node:path';
import { checkout } from '../../../runtime/checkout';
import type { LabProcessName } from '../types';

/** Where each thing of a lab lies. */
export interface Layout {
  readonly stateDir: string;
  /** Remembered ports. */
  readonly settings: string;
  /** Held while a lab is started or stopped. */
  readonly lock: string;
  readonly etcd: string;
  /** Tells the API server how to reach webhooks, pods and nodes. */
  readonly egress: string;
  readonly prometheus: string;
  readonly prometheusConfig: string;
  /** What the node writes: logs of the pods' processes. */
  readonly node: string;
  readonly kubectlCache: string;
  readonly pki: string;
  /** The administrator's, for kubectl, Pulumi and people. */
  readonly kubeconfig: string;
  readonly logs: string;
  readonly logOf: (name: LabProcessName) => string;
  readonly kubeconfigOf: (name: LabProcessName) => string;
}

/** The layout of the lab of a checkout. */
export function layoutOf(root: string = checkout): Layout {
  const stateDir = path.resolve(root, '.lab');
  const at = (...parts: string[]): string => path.join(stateDir, ...parts);
  return {
    stateDir,
    settings: at('lab.json'),
    lock: at('lock'),
    etcd: at('etcd'),
    egress: at('egress.yaml'),
    prometheus: at('prometheus'),
    prometheusConfig: at('prometheus.yaml'),
    node: at('node'),
    kubectlCache: at('kubectl-cache'),
    pki: at('pki'),
    kubeconfig: at('kubeconfig'),
    logs: at('logs'),
    logOf: (name) => at('logs', `${name}.log`),
    kubeconfigOf: (name) => at('kubeconfigs', name),
  };
}
