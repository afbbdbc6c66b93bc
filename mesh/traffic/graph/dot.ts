import { compareStrings } from '../../collections';
import type { Change, GraphEdge, GraphNode, TrafficGraph } from './graph';
import { printable } from '../words';
import { edgeLabel, nodeLines, sharedArrows } from './labels';

/** The graph in Graphviz's language, namespaces as clusters. Colours come from classes, so that a page can choose them. */
export function graphDot({ nodes, edges }: TrafficGraph): string {
  const clusters = [...new Set(nodes.map(({ namespace }) => namespace))].sort(compareStrings);
  return [
    'digraph mesh {',
    '  graph [rankdir=LR, fontname="sans-serif", fontsize=12, nodesep=0.25, ranksep=1.1, bgcolor="transparent"];',
    '  node [shape=box, style="rounded,filled", fontname="sans-serif", fontsize=12, margin="0.35,0.1"];',
    '  edge [fontname="sans-serif", fontsize=10, arrowsize=0.7];',
    ...clusters.flatMap((namespace, index) => {
      const own = nodes.filter((node) => node.namespace === namespace).map(nodeLine);
      if (namespace === '') return own;
      return [
        `  subgraph cluster_${index} {`,
        `    label=${quoted(namespace)}; class="namespace"; style="rounded";`,
        ...own.map((line) => `  ${line}`),
        '  }',
      ];
    }),
    ...sharedArrows(edges).map(arrowLine),
    '}',
  ].join('\n');
}

/** For those who draw the text themselves; pages choose by class. */
const colors = { added: '#1a7f37', removed: '#cf222e', changed: '#9a6700' } as const;

function colored(change: Change | undefined): string {
  return change === undefined ? '' : `, color="${colors[change]}"`;
}

const shapes: Record<GraphNode['kind'], string> = { gateway: 'house', service: 'box', version: 'box', answer: 'note' };

function nodeLine(node: GraphNode): string {
  const classes = [
    'node',
    node.kind,
    ...(node.missing ? ['missing'] : []),
    ...(node.change === undefined ? [] : [node.change]),
  ].slice(1);
  const orientation = node.kind === 'gateway' ? ', orientation=270' : '';
  return `  ${quoted(node.id)} [label=${quoted(nodeLines(node).join('\n'))}, class="${classes.join(' ')}", shape=${shapes[node.kind]}${orientation}${colored(node.change)}];`;
}

function arrowLine(edges: GraphEdge[]): string {
  const [first] = edges;
  if (first === undefined) return '';
  return `  ${quoted(first.from)} -> ${quoted(first.to)} [label=${quoted(edgeLabel(edges))}, class="${first.change ?? 'same'}${first.observed?.deviates === true ? ' deviating' : ''}"${colored(first.change)}];`;
}

function quoted(text: string): string {
  return `"${printable(text).replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}
