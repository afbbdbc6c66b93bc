import { counted } from '../../strings';
import { compareStrings, pushTo } from '../../collections';
import type { GraphChange, GraphEdge, GraphNode, TrafficGraph } from './types';

/** One picture: the overview, or one namespace. */
export interface Section {
  title: string;
  graph: TrafficGraph;
  /** Number of parts that a change affects. */
  changes: number;
}

/**
 * Largest number of services for a single picture. A larger mesh is shown by namespace, with an overview of their
 * connections.
 */
const readableServices = 40;

/** The pictures of a page. */
export function sections(graph: TrafficGraph): Section[] {
  const services = graph.nodes.filter(({ kind }) => kind === 'service');
  if (services.length <= readableServices) return [section('Mesh', graph)];
  const namespaces = [...new Set(services.map(({ namespace }) => namespace))].sort(compareStrings);
  return [
    section('Namespaces', overview(graph)),
    ...namespaces.map((namespace) => section(namespace || 'outside the mesh', within(graph, namespace))),
  ];
}

function section(title: string, graph: TrafficGraph): Section {
  const touched = [...graph.nodes, ...graph.edges].filter(({ change }) => change !== undefined);
  return { title, graph, changes: touched.length };
}

/** One node for each namespace and gateway; an arrow between two represents all arrows between their members. */
function overview({ nodes, edges, captions }: TrafficGraph): TrafficGraph {
  const place = new Map(
    nodes.map((node) => [node.id, node.kind === 'gateway' ? node.id : `namespace ${node.namespace}`]),
  );
  const members = grouped(nodes);
  const between = new Map<string, { edge: GraphEdge; count: number }>();
  for (const { from, to, change } of edges) {
    const [source, target] = [place.get(from) ?? from, place.get(to) ?? to];
    if (source === target) continue;
    const key = `${source} > ${target}`;
    const known = between.get(key);
    const edge: GraphEdge = {
      from: source,
      to: target,
      host: '',
      who: '',
      share: '1',
      notes: [],
      ...changeOf(known?.edge.change ?? change),
    };
    between.set(key, { edge, count: (known?.count ?? 0) + 1 });
  }
  return {
    nodes: [
      ...nodes.filter(({ kind }) => kind === 'gateway'),
      ...[...members].map(([namespace, own]): GraphNode => {
        const services = own.filter(({ kind }) => kind === 'service').length;
        const touched = own.find(({ change }) => change !== undefined) ?? touchedEdge(edges, own);
        return {
          id: `namespace ${namespace}`,
          kind: 'service',
          label: namespace || 'outside the mesh',
          namespace: '',
          notes: [counted(services, 'service')],
          missing: own.some(({ missing }) => missing),
          ...(touched === undefined ? {} : { change: 'changed' as const }),
        };
      }),
    ],
    edges: [...between.values()].map(({ edge, count }) => ({
      ...edge,
      notes: [counted(count, 'rule')],
    })),
    captions,
  };
}

function changeOf(change: GraphChange | undefined): { change?: GraphChange } {
  return change === undefined ? {} : { change };
}

function touchedEdge(edges: readonly GraphEdge[], own: readonly GraphNode[]): GraphEdge | undefined {
  const ids = new Set(own.map(({ id }) => id));
  return edges.find(({ from, change }) => change !== undefined && ids.has(from));
}

function grouped(nodes: readonly GraphNode[]): Map<string, GraphNode[]> {
  const byNamespace = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    if (node.kind === 'gateway' || node.kind === 'answer') continue;
    pushTo(byNamespace, node.namespace, node);
  }
  return new Map([...byNamespace].sort(([a], [b]) => compareStrings(a, b)));
}

/** A namespace's nodes, their neighbours, and the arrows between them. */
function within({ nodes, edges, captions }: TrafficGraph, namespace: string): TrafficGraph {
  const own = new Set(
    nodes.filter((node) => node.namespace === namespace && node.kind !== 'gateway').map(({ id }) => id),
  );
  const joined = edges.filter(({ from, to }) => own.has(from) || own.has(to));
  const ids = new Set([...own, ...joined.flatMap(({ from, to }) => [from, to])]);
  return { nodes: nodes.filter(({ id }) => ids.has(id)), edges: joined, captions };
}
