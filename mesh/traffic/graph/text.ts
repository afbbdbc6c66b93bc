import { percent } from '../share';
import type { GraphChange, GraphEdge, GraphNode, TrafficGraph } from './types';
import { compareStrings, pushTo } from '../../collections';
import { printable } from '../../strings';

/** A sign for each change, so that no change is marked by its colour alone. */
export const marks = { added: '+ ', removed: '\u2212 ', changed: '~ ' } as const;

/** Lines in a node. A sign marks a change, not only a colour. */
export function nodeLines({ kind, label, notes, change }: GraphNode): string[] {
  const lines = kind === 'answer' ? wrapped(label) : [label];
  return [`${change === undefined ? '' : marks[change]}${lines.join('\n')}`, ...notes.flatMap(wrapped)];
}

/**
 * Label of one arrow for several edges that differ only in their requests: hosts, each once, conditions, and treatment,
 * in short lines.
 */
function edgeLabel(edges: readonly GraphEdge[]): string {
  const [first] = edges;
  if (first === undefined) return '';
  const lines = [
    ...askedWords(edges),
    shareWords(first),
    ...first.notes,
    ...lostWords(first),
    ...observedWords(first),
  ].filter((line) => line !== '');
  const sign = first.change === undefined ? '' : marks[first.change];
  return `${sign}${lines.flatMap(wrapped).join('\n')}`.trim();
}

/** Hosts, each once, with the conditions of their requests. */
export function askedWords(edges: readonly GraphEdge[]): string[] {
  return [...new Set(edges.map(({ host }) => host))]
    .flatMap((host) => [host, ...edges.filter((edge) => edge.host === host).map(({ who }) => who)])
    .filter((line) => line !== '');
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
export function sharedArrows(edges: readonly GraphEdge[]): GraphEdge[][] {
  const arrows = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const { from, to, share, before, notes, lost, observed, change, idle } = edge;
    const key = JSON.stringify([from, to, share, before, notes, lost, observed, change, idle]);
    pushTo(arrows, key, edge);
  }
  return [...arrows.values()];
}

/** `90 %`, or `90 % -> 75 %` for a change; nothing if all requests go one way. */
export function shareWords({ share, before, change }: GraphEdge): string {
  if (change === 'removed') return before === '1' ? '' : percent(before ?? share);
  if (before !== undefined) return `${percent(before)} \u2192 ${percent(share)}`;
  return share === '1' ? '' : percent(share);
}

/** Longest line in a picture. */
const lineLength = 32;

/** Short lines: breaks at blanks, and in long names after `.`, `/` and `=`. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const part of text
    .split(/(?<= )/)
    .flatMap((word) => (word.length > lineLength ? word.split(/(?<=[./=])/) : [word]))) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.trimEnd().length <= lineLength) lines[lines.length - 1] = last + part;
    else lines.push(part);
  }
  return lines.map((line) => line.trimEnd());
}

/**
 * The graph in Graphviz's language, namespaces as clusters. Pages set the colours by class; the attributes are for
 * programs that know no style sheets.
 */
export function graphDot({ nodes, edges, captions }: TrafficGraph): string {
  const clusters = [...new Set(nodes.map(({ namespace }) => namespace))].sort(compareStrings);
  return [
    'digraph mesh {',
    `  graph [rankdir=LR, pad=0.25, fontname="Arial", fontsize=12, fontcolor="${ink.soft}", nodesep=0.25, ranksep=0.9, bgcolor="${ink.face}"];`,
    `  node [shape=box, style="rounded,filled", fontname="Arial", fontsize=12, margin="0.28,0.1", color="${ink.line}", fontcolor="${ink.text}"];`,
    `  edge [fontname="Arial", fontsize=10, arrowsize=0.7, color="${ink.line}", fontcolor="${ink.soft}"];`,
    ...(captions.length === 0 ? [] : [`  label=${leftAligned(captions)}; labelloc=b; labeljust=l;`]),
    ...clusters.flatMap((namespace, index) => {
      const own = serviceGroups(
        nodes.filter((node) => node.namespace === namespace),
        index,
      ).reverse();
      if (namespace === '') return own;
      return [
        `  subgraph cluster_${index} {`,
        `    label=${quoted(namespace)}; class="namespace"; style="rounded"; color="${ink.line}"; labelloc=t; labeljust=c;`,
        ...own.map((line) => `  ${line}`),
        '  }',
      ];
    }),
    ...sharedArrows(edges).map(arrowLine).reverse(),
    '}',
  ].join('\n');
}

/** The nodes of a namespace, each service in an invisible cluster with its versions, so that the layout keeps them together. */
function serviceGroups(nodes: readonly GraphNode[], index: number): string[] {
  const groups = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    const key = node.versionOf === undefined ? node.id : `service ${node.versionOf.host}`;
    pushTo(groups, key, node);
  }
  return [...groups.values()].map((group, at) => {
    const lines = group.map(nodeLine).reverse();
    if (lines.length === 1) return lines.join('');
    return [
      `  subgraph cluster_${index}_${at} {`,
      '      label=""; style=invis; margin=0;',
      ...lines.map((line) => `    ${line}`),
      '    }',
    ].join('\n');
  });
}

/** The colours of the light scheme. */
const ink = { text: '#1f2328', soft: '#59636e', line: '#818b98', face: '#ffffff' } as const;
const faces = { gateway: '#fbefff', service: '#ddf4ff', version: '#f6f8fa', answer: '#fff8c5' } as const;
const colors = { added: '#1a7f37', removed: '#cf222e', changed: '#9a6700' } as const;

function colored(change: GraphChange | undefined): string {
  return change === undefined ? '' : `, color="${colors[change]}"`;
}

const shapes: Record<GraphNode['kind'], string> = { gateway: 'cds', service: 'box', version: 'box', answer: 'note' };

function nodeLine(node: GraphNode): string {
  const classes = [
    node.kind,
    ...(node.missing ? ['missing'] : []),
    ...(node.change === undefined ? [] : [node.change]),
  ];
  const style = shapes[node.kind] === 'box' ? '' : ', style=filled';
  return `  ${quoted(node.id)} [label=${quoted(nodeLines(node).join('\n'))}, class="${classes.join(' ')}", shape=${shapes[node.kind]}${style}, fillcolor="${faces[node.kind]}"${colored(node.change)}];`;
}

function arrowLine(edges: GraphEdge[]): string {
  const [first] = edges;
  if (first === undefined) return '';
  const classes = [
    first.change ?? 'same',
    ...(first.idle === true ? ['idle'] : []),
    ...(first.observed?.deviates === true ? ['deviating'] : []),
  ];
  const style = first.idle === true ? `, style=dotted${isMember(first) ? ', dir=none' : ''}` : '';
  return `  ${quoted(first.from)} -> ${quoted(first.to)} [label=${quoted(edgeLabel(edges))}, class="${classes.join(' ')}"${style}${colored(first.change)}];`;
}

/** Whether an edge only says to which service a version belongs. */
export function isMember({ idle, share }: GraphEdge): boolean {
  return idle === true && share === '1';
}

/** Lines that start below each other; Graphviz centres others. */
function leftAligned(lines: readonly string[]): string {
  return `"${lines.map((line) => `${quoted(line).slice(1, -1)}\\l`).join('')}"`;
}

function quoted(text: string): string {
  return `"${printable(text).replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}

/** The graph as a Mermaid flowchart, which GitHub and GitLab draw in Markdown. */
export function graphMermaid({ nodes, edges, captions }: TrafficGraph): string {
  const ids = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const name = (id: string): string => ids.get(id) ?? 'unknown';
  const namespaces = [...new Set(nodes.map(({ namespace }) => namespace))].sort(compareStrings);
  const changed = (['added', 'removed', 'changed'] as const).flatMap((change) => {
    const own = nodes.filter((node) => node.change === change).map(({ id }) => name(id));
    return own.length === 0 ? [] : [`  class ${own.join(',')} ${change}`];
  });
  return [
    '---',
    `title: ${JSON.stringify(printable(captions.join(' ')))}`,
    '---',
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
      const [first] = arrow;
      const label = text(edgeLabel(arrow));
      const line = first?.idle !== true ? '-->' : isMember(first) ? '-.-' : '-.->';
      return `  ${name(first?.from ?? '')} ${line}${label === '' ? '' : `|"${label}"|`} ${name(first?.to ?? '')}`;
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
