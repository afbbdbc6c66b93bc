import { compareStrings } from '../../collections';
import type { TrafficGraph } from './graph';
import { printable } from '../words';
import { edgeLabel, nodeLines, sharedArrows } from './labels';

/** The graph as a Mermaid flowchart, which GitHub and GitLab draw in Markdown. */
export function graphMermaid({ nodes, edges }: TrafficGraph): string {
  const ids = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const name = (id: string): string => ids.get(id) ?? 'unknown';
  const namespaces = [...new Set(nodes.map(({ namespace }) => namespace))].sort(compareStrings);
  const changed = (['added', 'removed', 'changed'] as const).flatMap((change) => {
    const own = nodes.filter((node) => node.change === change).map(({ id }) => name(id));
    return own.length === 0 ? [] : [`  class ${own.join(',')} ${change}`];
  });
  return [
    'flowchart LR',
    ...namespaces.flatMap((namespace, index) => {
      const own = nodes
        .filter((node) => node.namespace === namespace)
        .map((node) => `  ${name(node.id)}["${text(nodeLines(node).join('\n'))}"]`);
      return namespace === ''
        ? own
        : [`  subgraph s${index}["${text(namespace)}"]`, ...own.map((line) => `  ${line}`), '  end'];
    }),
    ...sharedArrows(edges).map((arrow) => {
      const label = text(edgeLabel(arrow));
      return `  ${name(arrow[0]?.from ?? '')} -->${label === '' ? '' : `|"${label}"|`} ${name(arrow[0]?.to ?? '')}`;
    }),
    ...changed,
    '  classDef added stroke:#1a7f37,stroke-width:3px',
    '  classDef removed stroke:#cf222e,stroke-width:3px,stroke-dasharray:4',
    '  classDef changed stroke:#9a6700,stroke-width:3px',
  ].join('\n');
}

function text(value: string): string {
  return printable(value)
    .replace(/&/g, '&amp;')
    .replace(/"/g, '#quot;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/\n/g, '<br/>');
}
