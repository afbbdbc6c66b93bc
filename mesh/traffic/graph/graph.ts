import type { Client } from '../classes/clients';
import { entries, entryClasses, type RequestClass } from '../classes/classes';
import type { Entry } from '../classes/entry';
import { compareStrings } from '../../collections';
import type { MeshModel } from '../../model/mesh-model';
import type { Destination, Outcome } from '../outcome';
import { fraction, share, type Share } from '../share';
import type { TrafficModel } from '../traffic-model';
import { isUnfollowed, unfollowed } from '../unfollowed';
import { unknownsOf } from '../unknowns';
import { failureWords, placeWords, treatmentWords } from '../words';

/** How a change affects a part of the graph. */
export type GraphChange = 'added' | 'removed' | 'changed';

export interface GraphNode {
  id: string;
  kind: 'gateway' | 'service' | 'version' | 'answer';
  label: string;
  /** '' for nodes outside namespaces. */
  namespace: string;
  /** More lines: mTLS mode, pods. */
  notes: string[];
  /** For a version: the service's host, and the value of its pods' label `version`. */
  versionOf?: { host: string; version: string };
  /** True for a destination that the proxies do not have: its requests end in 503. */
  missing: boolean;
  change?: GraphChange;
}

export interface GraphEdge {
  from: string;
  to: string;
  /** Host of the requests at a gateway; '' elsewhere, and for every host. */
  host: string;
  /** Which requests, in words; empty for all requests. */
  who: string;
  share: Share;
  /** Part before a change. */
  before?: Share;
  /** Timeouts, retries, faults, rewrites, mirrors. */
  notes: string[];
  /** Recent observations. */
  observed?: Observed;
  /** Notes that a change removes. */
  lost?: string[];
  change?: GraphChange;
}

/** The metrics of one edge. */
export interface Observed {
  share: Share;
  /** Number of counted requests, over all edges of the same split. */
  requests: number;
  /** Whether the share is outside the 99.9 % bound of the configured one. */
  deviates: boolean;
}

/** A mesh as a graph: gateways, services and versions, with the shares of requests between them. In a fixed order. */
export interface TrafficGraph {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

export function trafficGraph(traffic: TrafficModel): TrafficGraph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  for (const entry of entries(traffic).values()) {
    // Namespaces that see the mesh differently would repeat all of it, so the picture shows the mesh as the others see
    // it.
    const { proxy } = entry.client;
    if (proxy.type === 'none' || (proxy.type === 'sidecar' && proxy.namespace !== '')) continue;
    if (proxy.type === 'sidecar' && (entry.host === '*' || leadsToGateway(entry.host, traffic.mesh))) continue;
    const from = sourceNode(entry, traffic.mesh);
    put(nodes, from);
    for (const one of entryClasses(entry)) {
      if (one.reachable === false || isPlainDefault(one, entry)) continue;
      for (const edge of classEdges(one, entry, from.id, traffic.mesh, nodes)) edges.set(edgeKey(edge), edge);
    }
  }
  for (const one of unfollowedNodes(traffic.mesh)) nodes.set(one.id, one);
  markPastSplits(nodes, edges);
  return {
    nodes: [...nodes.values()].sort((a, b) => compareStrings(a.id, b.id)),
    edges: [...edges.values()].sort((a, b) => compareStrings(edgeKey(a), edgeKey(b))),
  };
}

/** Objects that affect traffic and are not modelled, each as a node. */
function unfollowedNodes({ objects }: MeshModel): GraphNode[] {
  return objects.all
    .filter(({ object }) => isUnfollowed(object))
    .map((object): GraphNode => {
      const { kind, namespace, name, touches } = unfollowed(object);
      return {
        id: `unfollowed ${kind} ${namespace}/${name}`,
        kind: 'answer',
        label: `${kind} ${name}`,
        namespace,
        notes: ['not modelled: effect unknown', touches],
        missing: false,
      };
    });
}

/**
 * A gateway that sends requests to the service itself bypasses the split of the mesh's rule: its requests go to every
 * version.
 */
function markPastSplits(nodes: ReadonlyMap<string, GraphNode>, edges: ReadonlyMap<string, GraphEdge>): void {
  const isSplit = new Set(
    [...edges.values()].filter(({ from, to }) => from.startsWith('service ') && to !== from).map(({ from }) => from),
  );
  for (const edge of edges.values())
    if (nodes.get(edge.from)?.kind === 'gateway' && isSplit.has(edge.to))
      edge.notes = [...edge.notes, 'bypasses the split, goes to every version'];
}

function edgeKey({ from, to, host, who }: Pick<GraphEdge, 'from' | 'to' | 'host' | 'who'>): string {
  // `all other requests` and `all requests` are the same rule: only its description depends on the rules before it.
  return `${from} > ${to} > ${host} > ${who === 'all other requests' ? '' : who}`;
}

/** Whether a service is only the address of a gateway that is a node itself. */
function leadsToGateway(host: string, mesh: MeshModel): boolean {
  const service = mesh.services.withHost(host)[0];
  const behind = service === undefined ? [] : mesh.workloads.behind(service);
  return behind.length > 0 && behind.every(({ annotations }) => annotations['inject.istio.io/templates'] === 'gateway');
}

/**
 * A service without rules takes its own requests, which needs no arrow. Neither does a 404 for hosts that a gateway
 * does not serve.
 */
function isPlainDefault({ outcome }: RequestClass, { client, routes }: Entry): boolean {
  if (outcome.kind === 'noRoute') return client.proxy.type === 'gateway' || routes.length === 0;
  const fails = outcome.destinations?.some(({ missing, failures }) => (missing ?? failures) !== undefined) === true;
  return outcome.rule === undefined && outcome.kind !== 'unknown' && !fails;
}

function sourceNode({ client, host }: Entry, mesh: MeshModel): GraphNode {
  if (client.proxy.type === 'gateway') return gatewayNode(client);
  return serviceNode({ host, port: 0 }, mesh);
}

function gatewayNode({ title, proxy }: Client): GraphNode {
  return {
    id: title,
    kind: 'gateway',
    label: title.replace(/^gateway (.*\/)?/, ''),
    namespace: proxy.namespace,
    notes: [],
    missing: false,
  };
}

function serviceNode({ host }: Destination, mesh: MeshModel): GraphNode {
  const service = mesh.services.withHost(host)[0];
  const mtls = service && !service.external ? mesh.peerAuthentications.forNamespace(service.namespace).mode : undefined;
  return {
    id: `service ${host}`,
    kind: 'service',
    label: service === undefined || service.registry === 'External' ? host : service.name,
    namespace: service?.namespace ?? '',
    notes: [
      ...(mtls === undefined ? [] : [`mTLS ${mtls.toLowerCase()}`]),
      ...(service?.external === true ? ['outside the mesh'] : []),
    ],
    missing: false,
  };
}

function put(nodes: Map<string, GraphNode>, node: GraphNode): void {
  const known = nodes.get(node.id);
  if (known === undefined) nodes.set(node.id, node);
  else known.missing ||= node.missing;
}

function* classEdges(
  one: RequestClass,
  entry: Entry,
  from: string,
  mesh: MeshModel,
  nodes: Map<string, GraphNode>,
): Generator<GraphEdge> {
  const { outcome } = one;
  const isGateway = entry.client.proxy.type === 'gateway';
  const host = isGateway && entry.host !== '*' ? entry.host : '';
  const who = one.who === 'all requests' ? '' : one.who;
  const notes = [
    ...treatmentWords(outcome),
    ...(outcome.kind === 'unknown' ? [] : unknownsOf(outcome)).map((one) => `unknown: ${one}`),
  ];
  if (outcome.kind !== 'routed') {
    const answer = answerNode(outcome, from);
    put(nodes, answer);
    yield { from, to: answer.id, host, who, share: '1', notes };
    return;
  }
  for (const destination of outcome.destinations ?? []) {
    const node = destinationNode(destination, mesh);
    put(nodes, node);
    if (node.kind === 'version') put(nodes, serviceNode(destination, mesh));
    // A rule that sends the requests of a service to the service itself only sets how they are treated.
    const failing = node.kind === 'version' && destination.missing !== undefined ? '' : failureWords(destination);
    const all = [...notes, ...(failing === '' ? [] : [failing])];
    if (node.id !== from || all.length > 0)
      yield { from, to: node.id, host, who, share: destination.share, notes: all };
  }
  for (const mirror of outcome.mirrors ?? []) {
    const node = destinationNode(mirror, mesh);
    put(nodes, node);
    yield {
      from,
      to: node.id,
      host,
      who: `${who === '' ? '' : `${who}, `}mirrored requests`,
      share: mirror.share,
      notes: [],
    };
  }
}

function answerNode(outcome: Outcome, from: string): GraphNode {
  const label = placeWords(outcome);
  return { id: `answer ${from} ${label}`, kind: 'answer', label, namespace: '', notes: [], missing: false };
}

function destinationNode(destination: Destination & { missing?: string }, mesh: MeshModel): GraphNode {
  const service = serviceNode(destination, mesh);
  const { host, subset, missing } = destination;
  if (subset === undefined) return { ...service, missing: missing !== undefined };
  return {
    id: `version ${host} ${subset}`,
    kind: 'version',
    label: `${service.label} ${subset}`,
    namespace: service.namespace,
    versionOf: { host, version: subsetLabels(destination, mesh)['version'] ?? subset },
    notes: missing === undefined ? podNotes(destination, mesh) : [`503: ${missing}`],
    missing: missing !== undefined,
  };
}

function subsetLabels({ host, subset }: Pick<Destination, 'host' | 'subset'>, mesh: MeshModel): Record<string, string> {
  const service = mesh.services.withHost(host)[0];
  const rule = service && mesh.destinationRules.forService(service, service.namespace);
  return rule?.subsets.find(({ name }) => name === subset)?.labels ?? {};
}

function podNotes({ host, subset }: Destination, mesh: MeshModel): string[] {
  const service = mesh.services.withHost(host)[0];
  if (service === undefined) return [];
  const pods = mesh.workloads
    .behind(service, subsetLabels({ host, ...(subset === undefined ? {} : { subset }) }, mesh))
    .reduce((sum, { replicas }) => sum + (replicas ?? 0), 0);
  return pods === 0 ? [] : [`${pods} pod${pods === 1 ? '' : 's'}`];
}

/** Both graphs as one, with marks on every part that is added, removed or changed. */
export function changedGraph(before: TrafficGraph, after: TrafficGraph): TrafficGraph {
  const [oldNodes, newNodes] = [
    new Map(before.nodes.map((node) => [node.id, node])),
    new Map(after.nodes.map((node) => [node.id, node])),
  ];
  const [oldEdges, newEdges] = [
    new Map(before.edges.map((edge) => [edgeKey(edge), edge])),
    new Map(after.edges.map((edge) => [edgeKey(edge), edge])),
  ];
  return {
    nodes: [
      ...after.nodes.map((node): GraphNode =>
        marked(node, oldNodes.get(node.id), ({ notes, missing }) => JSON.stringify([notes, missing])),
      ),
      ...before.nodes.filter(({ id }) => !newNodes.has(id)).map((node): GraphNode => ({ ...node, change: 'removed' })),
    ].sort((a, b) => compareStrings(a.id, b.id)),
    edges: [
      ...after.edges.map((edge): GraphEdge => {
        const old = oldEdges.get(edgeKey(edge));
        const same = marked(edge, old, (one) => JSON.stringify([one.share, one.notes]));
        if (old === undefined) return same;
        const lost = old.notes.filter((note) => !edge.notes.includes(note));
        return {
          ...same,
          ...(old.share === edge.share ? {} : { before: old.share }),
          ...(lost.length === 0 ? {} : { lost }),
        };
      }),
      ...before.edges
        .filter((edge) => !newEdges.has(edgeKey(edge)))
        .map((edge): GraphEdge => ({ ...edge, share: share(0), before: edge.share, change: 'removed' })),
    ].sort((a, b) => compareStrings(edgeKey(a), edgeKey(b))),
  };
}

function marked<T extends { change?: GraphChange }>(one: T, old: T | undefined, text: (one: T) => string): T {
  if (old === undefined) return { ...one, change: 'added' };
  return text(old) === text(one) ? one : { ...one, change: 'changed' };
}

/** Largest share first, for lists. */
export function byShare(a: GraphEdge, b: GraphEdge): number {
  return fraction(b.share).compare(fraction(a.share));
}
