import type { TrafficGraph } from '../../mesh/traffic/graph/types';
import type { Journal } from './journal';
import { statusText } from './view';

/** The graph with the running shifts: a caption for each, and a note at its services. */
export function withShifts(graph: TrafficGraph, journals: readonly Journal[], now: number): TrafficGraph {
  const captions = journals.map((journal) => `Shift of ${journal.routes.join(', ')}: ${statusText(journal, now)}.`);
  const nodes = graph.nodes.map((node) => {
    const running = journals.find(({ routes }) => routes.includes(`${node.namespace}/${node.label}`));
    if (node.kind !== 'service' || running === undefined) return node;
    const { at, steps, phase } = running;
    return { ...node, notes: [...node.notes, `shift: step ${at} of ${steps.length - 1}, ${phase}`] };
  });
  return { ...graph, nodes, captions: [...graph.captions, ...captions] };
}
