import { spawnSync } from 'node:child_process';
import type { KubernetesObject } from '../../components/manifests/kubernetes';
import type { Lab } from '../../lab';
import { UserError } from '../errors';
import { table } from '../table';
import { routeRows } from './route-rows';

interface LiveObject {
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec?: { replicas?: number };
  status?: { readyReplicas?: number; conditions?: { type: string; status: string }[] };
}

const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Pod'];

/** What is there after a deployment, read from the API server: namespaces, workloads with their readiness, routes with their effective split. */
export function summary(lab: Lab, objects: KubernetesObject[]): string {
  const live = liveObjects(lab, objects);
  const namespaces = live
    .filter(({ kind }) => kind === 'Namespace')
    .map(({ metadata }) => [metadata.name, injectionText(metadata.labels ?? {})]);
  const workloads = live
    .filter(({ kind }) => workloadKinds.includes(kind))
    .map((workload) => [
      `${workload.metadata.namespace ?? ''}/${workload.metadata.name}`,
      workload.kind,
      readyText(workload),
    ]);
  const sections = [
    namespaces.length === 0 ? '' : table(['NAMESPACE', 'INJECTION'], namespaces),
    workloads.length === 0 ? '' : table(['WORKLOAD', 'KIND', 'READY'], workloads),
    routesText(live as unknown as KubernetesObject[]),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function routesText(live: KubernetesObject[]): string {
  const rows = routeRows(live);
  return rows.length === 0 ? '' : table(['ROUTE', 'WHO', 'GOES TO'], rows);
}

/** The objects as the API server has them now, in the order given. */
function liveObjects(lab: Lab, objects: KubernetesObject[]): LiveObject[] {
  if (objects.length === 0) return [];
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const { status, stdout, stderr } = spawnSync(
    lab.kubectl,
    ['--kubeconfig', lab.kubeconfig, 'get', '-f', '-', '-o', 'json', '--ignore-not-found'],
    {
      env: lab.env,
      input,
      encoding: 'utf8',
      maxBuffer: 2 ** 28,
    },
  );
  if (status !== 0) throw new UserError(`The lab's API server does not say what it has: ${stderr.trim()}`);
  const answer = JSON.parse(stdout === '' ? '{"items":[]}' : stdout) as { items?: LiveObject[] };
  return answer.items ?? [answer as unknown as LiveObject];
}

function injectionText(labels: Record<string, string>): string {
  if (labels['istio.io/rev'] !== undefined) return `revision ${labels['istio.io/rev']}`;
  if (labels['istio.io/dataplane-mode'] !== undefined) return labels['istio.io/dataplane-mode'];
  return labels['istio-injection'] ?? '-';
}

function readyText({ kind, spec, status }: LiveObject): string {
  if (kind === 'Pod')
    return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
      ? 'yes'
      : 'no';
  return `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 1}`;
}
