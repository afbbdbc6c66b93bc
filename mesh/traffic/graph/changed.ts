import { compareStrings } from '../../collections';
import { share } from '../share';
import { edgeKey } from './graph';
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
