import { compareStrings, pushTo } from '../../collections';
import { inBound, share } from '../share';
import { configuredCaption, edgeKey } from './graph';
import { isMember } from './text';
import type { GraphChange, GraphEdge, GraphNode, TrafficGraph } from './types';

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
    captions: [
      ...after.captions.map((caption) => (before.captions.includes(caption) ? caption : `~ ${caption}`)),
      ...before.captions.filter((caption) => !after.captions.includes(caption)).map((caption) => `\u2212 ${caption}`),
    ],
  };
}

function marked<T extends { change?: GraphChange }>(one: T, old: T | undefined, text: (one: T) => string): T {
  if (old === undefined) return { ...one, change: 'added' };
  return text(old) === text(one) ? one : { ...one, change: 'changed' };
}

const observedCaption = 'Drawn from the configuration, with the shares that Prometheus counted.';

/** Recently counted requests, by sender and version. */
export interface RequestCount {
  /** `namespace/name` of the sending workload. */
  source: string;
  /** FQDN of the service. */
  host: string;
  /** Value of the pods' label `version`. */
  version: string;
  requests: number;
}

/**
 * The graph with observed shares on the edges of each split. Metrics do not distinguish requests by header or path, so
 * splits for only some of the requests get none.
 */
export function observedGraph({ nodes, edges, captions }: TrafficGraph, counts: readonly RequestCount[]): TrafficGraph {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const gateways = new Set(nodes.filter(({ kind }) => kind === 'gateway').map(({ id }) => id));
  const choices = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const host = byId.get(edge.to)?.versionOf?.host;
    if (host === undefined || edge.change === 'removed' || isMember(edge)) continue;
    const key = `${edge.from} > ${host}`;
    pushTo(choices, key, edge);
  }
  const seen = new Map<GraphEdge, GraphEdge>();
  for (const choice of choices.values()) {
    const asked = choice.filter(({ idle }) => idle !== true).map(({ host, who }) => `${host} ${who}`);
    if (new Set(asked).size > 1) continue;
    for (const edge of observedChoice(choice, byId, gateways, counts)) seen.set(edge.configured, edge.observed);
  }
  return {
    nodes,
    edges: edges.map((edge) => seen.get(edge) ?? edge),
    captions: [observedCaption, ...captions.filter((caption) => caption !== configuredCaption)],
  };
}

function observedChoice(
  choice: readonly GraphEdge[],
  byId: ReadonlyMap<string, GraphNode>,
  gateways: ReadonlySet<string>,
  counts: readonly RequestCount[],
): { configured: GraphEdge; observed: GraphEdge }[] {
  const [first] = choice;
  const host = byId.get(first?.to ?? '')?.versionOf?.host;
  const isFrom = (source: string): boolean =>
    gateways.has(first?.from ?? '') ? `gateway ${source}` === first?.from : !gateways.has(`gateway ${source}`);
  const own = counts.filter((count) => count.host === host && isFrom(count.source));
  const total = own.reduce((sum, { requests }) => sum + requests, 0);
  if (total === 0) return [];
  return choice.map((configured) => {
    const version = byId.get(configured.to)?.versionOf?.version;
    const taken = own.filter((count) => count.version === version).reduce((sum, { requests }) => sum + requests, 0);
    const deviates = !inBound(configured.share, taken, total);
    return {
      configured,
      observed: { ...configured, observed: { share: share(taken, total), requests: total, deviates } },
    };
  });
}
