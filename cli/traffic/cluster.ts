import { spawnSync } from 'node:child_process';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import { UserError } from '../errors';
import { readObjects } from '../objects';
import type { TrafficInput } from '../../traffic/stack-objects';

/** Which cluster to look at; kubectl's own defaults otherwise. */
export interface ClusterChoice {
  context?: string;
  kubeconfig?: string;
  /** The program to ask with. Defaults to the one on PATH. */
  kubectl?: string;
}

/** Everything that routing depends on. */
const kinds = [
  'namespaces',
  'services',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'virtualservices.networking.istio.io',
  'destinationrules.networking.istio.io',
  'gateways.networking.istio.io',
  'serviceentries.networking.istio.io',
  'sidecars.networking.istio.io',
  'workloadentries.networking.istio.io',
  'peerauthentications.security.istio.io',
];

/**
 * The routing objects that a cluster has, read with kubectl; changes nothing.
 * @throws UserError with kubectl's own words when it cannot be read.
 */
export function clusterTraffic({ context, kubeconfig, kubectl = 'kubectl' }: ClusterChoice): TrafficInput {
  const flags = [
    ...(context === undefined ? [] : ['--context', context]),
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
  ];
  const objects = [...listed(kubectl, [...flags, 'get', kinds.join(','), '--all-namespaces', '-o', 'json'])];
  const meshConfig = listed(kubectl, [
    ...flags,
    'get',
    'configmap',
    'istio',
    '-n',
    'istio-system',
    '--ignore-not-found',
    '-o',
    'json',
  ]);
  return { objects: [...objects, ...meshConfig], options: {} };
}

function listed(kubectl: string, words: string[]): KubernetesObject[] {
  const { status, stdout, stderr, error } = spawnSync(kubectl, words, { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (error !== undefined) throw new UserError(`kubectl cannot be run: ${error.message}`);
  if (status !== 0) throw new UserError(`The cluster cannot be read: ${stderr.trim()}`);
  if (stdout.trim() === '' || /"items": \[\]/.test(stdout)) return [];
  return readObjects(['cluster'], () => stdout).map(({ object }) => object);
}
