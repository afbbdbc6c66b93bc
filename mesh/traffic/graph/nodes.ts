import { counted } from '../../strings';
import { asMap, asNumber, asString, type JsonMap } from '../../json';
import { acceptedMode } from '../../model/mutual-tls';
import type { EffectiveRule, MeshGateway, MeshModel, MeshService } from '../../model/mesh-model';
import type { Client } from '../classes/clients';
import type { Destination, Outcome } from '../outcome';
import { placeWords } from '../words';
import type { GraphNode } from './types';

/** Longest list of hosts or ports in a node. */
const listed = 3;

export function gatewayNode({ title, proxy }: Client, mesh: MeshModel): GraphNode {
  return {
    id: title,
    kind: 'gateway',
    label: title.replace(/^gateway (.*\/)?/, ''),
    namespace: proxy.namespace,
    notes: limited(gatewaysOf(title, proxy.labels, mesh).flatMap(portNotes), ' more ports'),
    missing: false,
  };
}

/** The Gateways of a gateway workload; a Gateway without a known workload stands for itself. */
function gatewaysOf(title: string, labels: Record<string, string>, mesh: MeshModel): MeshGateway[] {
  const alone = mesh.gateways.all.find(
    (gateway) => title === `gateway ${gateway.id}` && mesh.gatewayWorkloads(gateway).length === 0,
  );
  return alone === undefined ? mesh.gateways.selecting(labels) : [alone];
}

/** `HTTPS 443: shop.example.com`, one for each server. */
function portNotes({ servers }: MeshGateway): string[] {
  return servers.map(({ port, hosts }) => {
    const names = [...new Set(hosts.map((host) => host.replace(/^.*\//, '')))];
    return `${port.protocol} ${port.number}: ${limited(names, ' more').join(', ')}`;
  });
}

function limited(all: readonly string[], more: string): string[] {
  const once = [...new Set(all)];
  return once.length <= listed + 1 ? once : [...once.slice(0, listed), `${once.length - listed}${more}`];
}

export function serviceNode({ host }: Pick<Destination, 'host'>, mesh: MeshModel): GraphNode {
  const service = mesh.services.withHost(host)[0];
  return {
    id: `service ${host}`,
    kind: 'service',
    label: service === undefined || service.registry === 'External' ? host : service.name,
    namespace: service?.namespace ?? '',
    notes: [
      ...(service === undefined || service.external ? [] : mtlsNotes(service, mesh)),
      ...(service?.external === true ? ['outside the mesh'] : []),
      ...policyNotes(ruleOf(host, mesh)?.trafficPolicy),
    ],
    missing: false,
  };
}

/** The mode of the mesh, so that nodes name only modes that differ from it. */
export function mtlsCaption(mesh: MeshModel): string {
  return `mTLS ${meshMode(mesh)}, except where a service says otherwise.`;
}

function meshMode(mesh: MeshModel): string {
  return modeWords(mesh.peerAuthentications.forNamespace(mesh.config.rootNamespace).mode);
}

function modeWords(mode: string): string {
  return mode === 'DISABLE' ? 'disabled' : mode.toLowerCase();
}

function mtlsNotes(service: MeshService, mesh: MeshModel): string[] {
  const pods = mesh.workloads.behind(service);
  const ports = service.ports.map(({ number }) => number);
  const modes = new Set(
    pods.length === 0
      ? [modeWords(mesh.peerAuthentications.forNamespace(service.namespace).mode)]
      : pods.flatMap((pod) =>
          (ports.length === 0 ? [undefined] : ports).map((port) =>
            modeWords(acceptedMode(mesh, service, pod, port).mode),
          ),
        ),
  );
  if (modes.size === 1 && modes.has(meshMode(mesh))) return [];
  return [`mTLS ${[...modes].sort().join(' and ')}`];
}

/** Limits of a connection pool that Envoy's circuit breaker keeps, in Istio's names and in words. */
const limits = [
  ['tcp', 'maxConnections', 'connections'],
  ['http', 'http1MaxPendingRequests', 'pending'],
  ['http', 'http2MaxRequests', 'requests'],
  ['http', 'maxRetries', 'retries'],
] as const;

function policyNotes(policy: JsonMap | undefined): string[] {
  const pool = asMap(policy?.['connectionPool']);
  const breaker = limits.flatMap(([protocol, field, words]) => {
    const limit = asNumber(asMap(pool[protocol])[field]);
    return limit === undefined ? [] : [`${limit} ${words}`];
  });
  return [...(breaker.length === 0 ? [] : [`\u26a1 breaker: ${breaker.join(', ')}`]), ...outlierNotes(policy)];
}

function outlierNotes(policy: JsonMap | undefined): string[] {
  if (policy?.['outlierDetection'] === undefined) return [];
  const detection = asMap(policy['outlierDetection']);
  const errors = asNumber(detection['consecutive5xxErrors']);
  const gateway = asNumber(detection['consecutiveGatewayErrors']);
  const out = asString(detection['baseEjectionTime']);
  const words = [
    ...(errors === undefined ? [] : [`${errors} 5xx`]),
    ...(gateway === undefined ? [] : [`${gateway} gateway errors`]),
    ...(out === undefined ? [] : [`out ${out}`]),
  ];
  return [`\u2298 outliers${words.length === 0 ? '' : `: ${words.join(', ')}`}`];
}

export function answerNode(outcome: Outcome, from: string): GraphNode {
  const label = placeWords(outcome);
  return { id: `answer ${from} ${label}`, kind: 'answer', label, namespace: '', notes: [], missing: false };
}

export function destinationNode(destination: Destination & { missing?: string }, mesh: MeshModel): GraphNode {
  const service = serviceNode(destination, mesh);
  const { host, subset, missing } = destination;
  if (subset === undefined) return { ...service, missing: missing !== undefined };
  const found = ruleOf(host, mesh)?.subsets.find(({ name }) => name === subset);
  const labels = found?.labels ?? {};
  return {
    id: `version ${host} ${subset}`,
    kind: 'version',
    label: `${service.label} ${subset}`,
    namespace: service.namespace,
    versionOf: { host, version: labels['version'] ?? subset },
    notes: [
      ...(missing === undefined ? podNotes(host, labels, mesh) : [`503: ${missing}`]),
      ...policyNotes(found?.trafficPolicy),
    ],
    missing: missing !== undefined,
  };
}

/** Subsets of the rule of a host, as its own namespace sees it. */
export function subsetNames(host: string, mesh: MeshModel): string[] {
  return ruleOf(host, mesh)?.subsets.map(({ name }) => name) ?? [];
}

function ruleOf(host: string, mesh: MeshModel): EffectiveRule | undefined {
  const service = mesh.services.withHost(host)[0];
  return service && mesh.destinationRules.forService(service, service.namespace);
}

function podNotes(host: string, labels: Record<string, string>, mesh: MeshModel): string[] {
  const service = mesh.services.withHost(host)[0];
  if (service === undefined) return [];
  const pods = mesh.workloads.behind(service, labels).reduce((sum, { replicas }) => sum + (replicas ?? 0), 0);
  return pods === 0 ? [] : [counted(pods, 'pod')];
}
