import { percent } from '../share';
import type { GraphChange, GraphEdge, GraphNode, TrafficGraph } from './graph';
import { compareStrings } from '../../collections';
import { printable } from '../../strings';

const marks = { added: '+ ', removed: '\u2212 ', changed: '~ ' } as const;

/** Lines in a node. A sign marks a change, not only a colour. */
export function nodeLines({ kind, label, notes, change }: GraphNode): string[] {
  const lines = kind === 'answer' ? wrapped(label) : [label];
  return [`${change === undefined ? '' : marks[change]}${lines.join('\n')}`, ...notes];
}

/**
 * Label of one arrow for several edges that differ only in their requests: hosts, each once, conditions, and treatment,
 * in short lines.
 */
function edgeLabel(edges: readonly GraphEdge[]): string {
  const [first] = edges;
  if (first === undefined) return '';
  const asked = [...new Set(edges.map(({ host }) => host))].flatMap((host) => [
    host,
    ...edges.filter((edge) => edge.host === host).map(({ who }) => who),
  ]);
  const lines = [...asked, shareWords(first), ...first.notes, ...lostWords(first), ...observedWords(first)].filter(
    (line) => line !== '',
  );
  const sign = first.change === undefined ? '' : marks[first.change];
  return `${sign}${lines.flatMap(wrapped).join('\n')}`.trim();
}

/** `no more abort 500 for 50 %` */
export function lostWords({ lost = [] }: GraphEdge): string[] {
  return lost.map((note) => `no more ${note}`);
}

/** `observed 12 % of 300 requests`, with a sign if it differs from the configured share. */
export function observedWords({ observed }: GraphEdge): string[] {
  if (observed === undefined) return [];
  const words = `observed ${percent(observed.share)} of ${observed.requests} requests`;
  return [observed.deviates ? `! ${words}` : words];
}

/** Groups edges that can share an arrow. */
function sharedArrows(edges: readonly GraphEdge[]): GraphEdge[][] {
  const arrows = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const { from, to, share, before, notes, lost, observed, change } = edge;
    const key = JSON.stringify([from, to, share, before, notes, lost, observed, change]);
    arrows.set(key, [...(arrows.get(key) ?? []), edge]);
  }
  return [...arrows.values()];
}

/** `90 %`, or `90 % -> 75 %` for a change; nothing if all requests go one way. */
export function shareWords({ share, before, change }: GraphEdge): string {
  if (change === 'removed') return before === '1' ? '' : percent(before ?? share);
  if (before !== undefined) return `${percent(before)} \u2192 ${percent(share)}`;
  return share === '1' ? '' : percent(share);
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < 32) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The graph in Graphviz's language, namespaces as clusters. Colours come from classes, so that a page can set them. */
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

/** For tools that draw the graph themselves; pages use the classes. */
const colors = { added: '#1a7f37', removed: '#cf222e', changed: '#9a6700' } as const;

function colored(change: GraphChange | undefined): string {
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
