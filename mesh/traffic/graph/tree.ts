import { compareStrings, pushTo } from '../../collections';
import { percent } from '../share';
import type { GraphEdge, GraphNode, TrafficGraph } from './types';
import { escaped } from './svg';
import { askedWords, isMember, lostWords, marks, nodeLines, observedWords, sharedArrows, shareWords } from './text';

/**
 * The graph as a tree, for screens too narrow for the picture: each gateway and service with the arrows that leave it,
 * one below the other.
 */
export function treeHtml({ nodes, edges }: TrafficGraph, title: string): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const targets = new Set(edges.map(({ to }) => to));
  const leaving = new Map<string, GraphEdge[][]>();
  for (const arrow of sharedArrows(edges)) {
    const from = arrow[0]?.from ?? '';
    pushTo(leaving, from, arrow);
  }
  const sources = nodes.filter(({ id }) => leaving.has(id) || !targets.has(id));
  // Requests enter at the gateways, so their namespaces come first.
  const doors = new Set(sources.filter(({ kind }) => kind === 'gateway').map(({ namespace }) => namespace));
  const namespaces = [...new Set(sources.map(({ namespace }) => namespace))].sort(
    (a, b) => Number(doors.has(b)) - Number(doors.has(a)) || compareStrings(a, b),
  );
  const parts = namespaces.map((namespace) => {
    const items = sources
      .filter((node) => node.namespace === namespace)
      .map((node) => sourceHtml(node, leaving.get(node.id) ?? [], byId));
    return `${namespace === '' ? '' : `<h3>${escaped(namespace)}</h3>`}<ul>${items.join('')}</ul>`;
  });
  return `<div class="tree" role="region" aria-label="Tree of ${escaped(title)}">${parts.join('')}</div>`;
}

function sourceHtml(node: GraphNode, arrows: readonly GraphEdge[][], byId: ReadonlyMap<string, GraphNode>): string {
  const inner = arrows.map((arrow) => arrowHtml(arrow, byId)).join('');
  return `<li class="source">${boxHtml(node)}${inner === '' ? '' : `<ul>${inner}</ul>`}</li>`;
}

function arrowHtml(arrow: readonly GraphEdge[], byId: ReadonlyMap<string, GraphNode>): string {
  const [first] = arrow;
  const target = byId.get(first?.to ?? '');
  if (first === undefined || target === undefined) return '';
  const words = [...first.notes, ...lostWords(first), ...observedWords(first)];
  const lines = [...askedWords(arrow), ...words].map((line) => `<span>${escaped(line)}</span>`);
  const share = isMember(first)
    ? ''
    : `<b>${first.change === undefined ? '' : marks[first.change]}${shareWords(first) || '100 %'}</b>`;
  const bar = isMember(first)
    ? ''
    : `<span class="bar"><i style="width: ${escaped(percent(first.share).replace(/[<>] /, '').replace(' ', ''))}"></i></span>`;
  return `<li class="${first.change ?? 'same'}"><p>${lines.join('')}</p><div>${boxHtml(target)}${share}</div>${bar}</li>`;
}

function boxHtml(node: GraphNode): string {
  const [label = '', ...notes] = nodeLines(node);
  const classes = ['box', node.kind, ...(node.missing ? ['missing'] : []), ...(node.change ? [node.change] : [])];
  return `<span class="${classes.join(' ')}">${escaped(label)}${notes.map((note) => `<small>${escaped(note)}</small>`).join('')}</span>`;
}

export const treeStyle = `
.tree { display: none; --gateway: #fbefff; --service: #ddf4ff; --version: #f6f8fa; --answer: #fff8c5; --line: #818b98; }
@media (prefers-color-scheme: dark) { .tree { --gateway: #34244d; --service: #0c2d48; --version: #212830; --answer: #3b2f0c; --line: #656c76; } }
@media (max-width: 45rem) { .tree { display: block; } section > .picture, main > details > .picture, details.table { display: none; } }
.tree h3 { margin: 0.8rem 0 0.3rem; font-size: 0.95rem; color: var(--quiet); }
.tree ul { list-style: none; margin: 0; padding: 0; } .tree .source { margin: 0 0 1rem; }
.tree .source > ul { margin-left: 0.9rem; border-left: 2px solid var(--line); }
.tree .source > ul > li { position: relative; padding: 0.5rem 0 0 1.1rem; }
.tree .source > ul > li > div::before { content: ''; position: absolute; left: 0; width: 0.9rem; margin-top: 1.1rem; border-top: 2px solid var(--line); }
.tree .source > ul > li:last-child { margin-bottom: 0.2rem; }
.tree p { margin: 0 0 0.2rem; font-size: 0.9rem; color: var(--quiet); } .tree p span { display: block; overflow-wrap: anywhere; }
.tree div { display: flex; align-items: center; justify-content: space-between; gap: 0.6rem; } .tree b { white-space: nowrap; }
.tree .box { display: inline-block; min-width: 0; padding: 0.3rem 0.7rem; border: 1px solid var(--line); border-radius: 8px; color: var(--text); overflow-wrap: anywhere; }
.tree .box small { display: block; font-size: 0.85rem; }
.tree .gateway { background: var(--gateway); } .tree .service { background: var(--service); } .tree .version { background: var(--version); } .tree .answer { background: var(--answer); }
.tree .box.missing { border: 2px dashed var(--red); } .tree .box.added { border-color: var(--green); } .tree .box.removed { border: 2px dashed var(--red); } .tree .box.changed { border-color: var(--amber); }
.tree .bar { display: block; height: 4px; margin-top: 0.3rem; border-radius: 2px; background: var(--border); } .tree .bar i { display: block; height: 100%; border-radius: 2px; background: var(--line); }
.tree li.changed b, .tree li.changed p { color: var(--amber); } .tree li.added b, .tree li.added p { color: var(--green); } .tree li.removed b, .tree li.removed p { color: var(--red); }
`;
