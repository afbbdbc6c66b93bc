import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import type { LiveObject } from '../../cluster/api';
import { asList, asMap, asNumber } from '../../mesh/json';
import { effectiveSplits } from '../../mesh/traffic';
import { table } from '../output';
import type { StackSettings } from '../../mesh/manifests/settings';
import type { LabNodePort } from '../traffic/lab-node';

const workloadKinds = ['Deployment', 'StatefulSet', 'DaemonSet', 'Pod'];

/** The result of a deployment: namespaces, workloads with their readiness, routes with their effective split. */
export function summary(live: readonly LiveObject[]): string {
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
    routesText(live),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function routesText(live: readonly KubernetesObject[]): string {
  const rows = routeRows([...live]);
  return rows.length === 0 ? '' : table(['ROUTE', 'REQUESTS', 'GO TO'], rows);
}

/**
 * One row per class of requests to each service or gateway with rules: `namespace/service`, the class, destinations
 * with their shares.
 */
function routeRows(objects: KubernetesObject[]): string[][] {
  return Object.entries(effectiveSplits({ objects })).flatMap(([asked, splits]) =>
    splits.map(({ who, to, with: treatment = [] }) => {
      const shares = Object.entries(to).map(([place, share]) => (share === '100 %' ? place : `${place} ${share}`));
      return [asked, who, [shares.join(', '), ...treatment].join('; ')];
    }),
  );
}

function injectionText(labels: Record<string, string>): string {
  if (labels['istio.io/rev'] !== undefined) return `revision ${labels['istio.io/rev']}`;
  if (labels['istio.io/dataplane-mode'] !== undefined) return labels['istio.io/dataplane-mode'];
  return labels['istio-injection'] ?? '-';
}

function readyText({ kind, spec, status }: LiveObject): string {
  if (kind === 'Pod') {
    const conditions = asList(status?.['conditions']).map(asMap);
    return conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True') ? 'yes' : 'no';
  }
  return `${asNumber(status?.['readyReplicas']) ?? 0}/${asNumber(spec?.['replicas']) ?? 1}`;
}

/** A path that a gateway's route matches: that of the first match with a path, else `/`. */
function firstPath(settings: StackSettings): string {
  const routes = Object.values(settings.routes ?? {}).flatMap((services) => Object.values(services));
  const matches = routes
    .filter(({ gateways = [] }) => gateways.some((gateway) => gateway !== 'mesh'))
    .flatMap(({ http = [] }) => http.flatMap(({ match = [] }) => match));
  const paths = matches.flatMap(({ uri }) => {
    const path = uri?.exact ?? uri?.prefix;
    return path === undefined ? [] : [path];
  });
  return paths[0] ?? '/';
}

/** The first host that a gateway's route matches; undefined if it matches every host. */
function firstHost(settings: StackSettings): string | undefined {
  const routes = Object.values(settings.routes ?? {}).flatMap((services) => Object.values(services));
  const outside = routes.filter(({ gateways = [] }) => gateways.some((gateway) => gateway !== 'mesh'));
  const hosts = outside.flatMap(({ hosts: asked = [] }) => asked);
  return hosts.some((host) => host.includes('*')) ? undefined : hosts[0];
}

/**
 * The address of each gateway of a stack on this machine, one line each: a URL, or a curl command for a route that
 * needs a host.
 */
export function gatewayLines(settings: StackSettings, nodePorts: readonly LabNodePort[]): string[] {
  const [path, host] = [firstPath(settings), firstHost(settings)];
  return Object.keys(settings.gateways ?? {}).flatMap((gateway) => {
    const found = nodePorts.find(({ service, port }) => service === gateway && port === 80);
    if (found === undefined) return [];
    const url = `http://${found.address}${path}`;
    const other = found.address.endsWith(`:${found.nodePort}`)
      ? ''
      : ` (another program on this machine uses port ${found.nodePort})`;
    return [`${gateway}  ${host === undefined ? url : `curl -H 'Host: ${host}' ${url}`}${other}`];
  });
}
