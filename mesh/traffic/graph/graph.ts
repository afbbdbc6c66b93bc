import { compareStrings } from '../../collections';
import type { MeshModel } from '../../model/mesh-model';
import { entries, type Entry, entryClasses, type RequestClass } from '../classes/classes';
import { fraction } from '../share';
import type { TrafficModel } from '../traffic-model';
import { isUnfollowed, unfollowed } from '../unfollowed';
import { unknownsOf } from '../unknowns';
import { failureWords, faultWords, treatmentWords } from '../words';
import { answerNode, destinationNode, gatewayNode, mtlsCaption, serviceNode, subsetNames } from './nodes';
import type { GraphEdge, GraphNode, TrafficGraph } from './types';

export const configuredCaption = 'Drawn from the configuration: shares are configured, not observed.';

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
  joinVersions(nodes, edges, traffic.mesh);
  return {
    nodes: [...nodes.values()].sort((a, b) => compareStrings(a.id, b.id)),
    edges: [...edges.values()].sort((a, b) => compareStrings(edgeKey(a), edgeKey(b))),
    captions: [configuredCaption, mtlsCaption(traffic.mesh)],
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

/** Draws every subset of a service, and joins each version to its service. */
function joinVersions(nodes: Map<string, GraphNode>, edges: Map<string, GraphEdge>, mesh: MeshModel): void {
  const joined = new Set([...edges.values()].map(({ from, to }) => `${from} > ${to}`));
  const ruled = new Set([...edges.values()].map(({ from }) => from));
  const subsets = [...nodes.values()]
    .filter(({ kind }) => kind === 'service')
    .flatMap(({ id }) => {
      const host = id.replace(/^service /, '');
      return subsetNames(host, mesh).map((subset) => destinationNode({ host, subset, port: 0 }, mesh));
    });
  for (const node of subsets) put(nodes, node);
  for (const { id, versionOf } of nodes.values()) {
    if (versionOf === undefined) continue;
    const from = `service ${versionOf.host}`;
    if (joined.has(`${from} > ${id}`)) continue;
    const edge: GraphEdge = {
      from,
      to: id,
      host: '',
      who: '',
      share: ruled.has(from) ? '0' : '1',
      notes: [],
      idle: true,
    };
    edges.set(edgeKey(edge), edge);
  }
}

export function edgeKey({ from, to, host, who }: Pick<GraphEdge, 'from' | 'to' | 'host' | 'who'>): string {
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
  if (client.proxy.type === 'gateway') return gatewayNode(client, mesh);
  return serviceNode({ host }, mesh);
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
  const faults = faultWords(outcome.fault);
  const notes = [
    ...treatmentWords(outcome).map((words) => (faults.includes(words) ? `\u26a0 ${words}` : words)),
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

/** Largest share first, for lists. */
export function byShare(a: GraphEdge, b: GraphEdge): number {
  return fraction(b.share).compare(fraction(a.share));
}
