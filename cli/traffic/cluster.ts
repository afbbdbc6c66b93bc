import { spawnSync } from 'node:child_process';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { Lab } from '../../cluster/lab';
import { ApiServer } from '../../cluster/lab/api';
import { asUserError, UserError } from '../errors';
import { readObjects } from '../objects';
import type { TrafficInput } from '../../mesh/traffic/stack-objects';

/** Which cluster to look at; kubectl's own defaults otherwise. */
export interface ClusterChoice {
  context?: string;
  kubeconfig?: string;
  /** The program to ask with. Defaults to the one on PATH. */
  kubectl?: string;
}

/** The kinds that routing depends on, as kubectl names them. */
const trafficKinds = [
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
  const objects = [...listed(kubectl, [...flags, 'get', trafficKinds.join(','), '--all-namespaces', '-o', 'json'])];
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

/**
 * The same of the lab, asked without kubectl, which the machine need not have. A kind that the API server does not know yet has no objects.
 * @throws UserError when the API server does not answer
 */
export async function labTraffic(lab: Pick<Lab, 'kubeconfig'>): Promise<TrafficInput> {
  const api = ApiServer.of(lab);
  const read = async (): Promise<KubernetesObject[]> => {
    const kinds = [...(await api.freshKinds())].filter(([key, { plural }]) =>
      trafficKinds.includes([plural, ...key.split('.').slice(1)].join('.')),
    );
    const lists = await Promise.all(kinds.map(([, kind]) => api.list(kind)));
    const meshConfig = await api.get({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { namespace: 'istio-system', name: 'istio' },
    });
    return [...lists.flat(), ...(meshConfig === undefined ? [] : [meshConfig])];
  };
  return { objects: await asUserError(read()), options: {} };
}

function listed(kubectl: string, words: string[]): KubernetesObject[] {
  const { status, stdout, stderr, error } = spawnSync(kubectl, words, { encoding: 'utf8', maxBuffer: 1 << 30 });
  if (error !== undefined) throw new UserError(`kubectl cannot be run: ${error.message}`);
  if (status !== 0) throw new UserError(`The cluster cannot be read: ${stderr.trim()}`);
  if (stdout.trim() === '' || /"items": \[\]/.test(stdout)) return [];
  return readObjects(['cluster'], () => stdout).map(({ object }) => object);
}
