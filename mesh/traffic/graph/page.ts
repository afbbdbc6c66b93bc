import { compareStrings, pushTo } from '../../collections';
import { percent } from '../share';
import { byShare } from './graph';
import { type Section, sections } from './sections';
import { escaped, graphStyle } from './svg';
import { askedWords, isMember, lostWords, marks, nodeLines, observedWords, sharedArrows, shareWords } from './text';
import type { GraphEdge, GraphNode, TrafficGraph } from './types';

/** One self-contained page: the pictures, a search, and the same content as tables. */
export function graphPage(
  graph: TrafficGraph,
  title: string,
  draw: (graph: TrafficGraph, title: string) => string,
): string {
  const parts = sections(graph);
  const isChange = [...graph.nodes, ...graph.edges].some(({ change }) => change !== undefined);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${pageStyle}${treeStyle}${graphStyle}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p>${counts(graph)}</p>
${graph.captions.map((caption) => `<p>${escaped(caption)}</p>`).join('\n')}${deviations(graph)}
${isChange ? legend : ''}
<label for="search">Search</label>
<input id="search" type="search" autocomplete="off" placeholder="service, version or condition">
<p id="found" role="status"></p>
</header>
<main>
${parts.map((part, index) => sectionHtml(part, index, parts.length, draw)).join('\n')}
</main>
<script>${script}</script>
</body>
</html>
`;
}

function counts({ nodes, edges }: TrafficGraph): string {
  const count = (kind: string): number => nodes.filter((node) => node.kind === kind).length;
  const counted = (['gateway', 'service', 'version'] as const).map(
    (kind) => `${count(kind)} ${kind}${count(kind) === 1 ? '' : 's'}`,
  );
  return `${counted.join(', ')}, ${edges.filter((edge) => !isMember(edge)).length} paths for requests`;
}

/** Edges whose observed share differs from the configured one, at the top of the page. */
function deviations({ nodes, edges }: TrafficGraph): string {
  const labels = new Map(nodes.map((node) => [node.id, node.label]));
  const all = edges.filter(({ observed }) => observed?.deviates === true);
  if (all.length === 0)
    return edges.some(({ observed }) => observed !== undefined) ? '<p>Observed shares are as configured.</p>' : '';
  const items = all.map(
    (edge) =>
      `<li>${escaped(`${labels.get(edge.from) ?? ''} to ${labels.get(edge.to) ?? ''}: configured ${shareWords(edge) || '100 %'}, ${observedWords(edge).join('').replace(/^! /, '')}`)}</li>`,
  );
  return `<section class="deviations" aria-label="Deviations"><strong>! Observed shares differ from the configured ones</strong><ul>${items.join('')}</ul></section>`;
}

const legend =
  '<p class="legend"><span class="added">+ new</span> <span class="removed">\u2212 gone</span> <span class="changed">~ changed</span></p>';

/** Namespaces with changes are open, and so is the first picture. */
function sectionHtml(
  { title, graph, changes }: Section,
  index: number,
  total: number,
  draw: (graph: TrafficGraph, title: string) => string,
): string {
  const note = changes === 0 ? '' : ` <span class="changed">~ ${changes} changed</span>`;
  // The page states the captions once, in its header.
  const picture = draw({ ...graph, captions: [] }, title);
  const body = `<div class="picture" tabindex="0" role="region" aria-label="Picture of ${escaped(title)}">${picture}</div>\n${treeHtml(graph, title)}\n${tableHtml(graph, title)}`;
  if (total === 1) return `<section><h2>${escaped(title)}</h2>${body}</section>`;
  const open = index === 0 || changes > 0 ? ' open' : '';
  return `<details${open}><summary><h2>${escaped(title)}</h2>${note}</summary>${body}</details>`;
}

function tableHtml({ nodes, edges: all }: TrafficGraph, title: string): string {
  const edges = all.filter((edge) => !isMember(edge));
  if (edges.length === 0) return '<p>No rule sends requests anywhere else.</p>';
  const labels = new Map(nodes.map((node) => [node.id, node.label]));
  const rows = [...edges].sort((a, b) => (a.from === b.from ? byShare(a, b) : 0)).map((edge) => rowHtml(edge, labels));
  return `<details class="table"><summary>${escaped(title)} as a table</summary><div class="picture" tabindex="0" role="region" aria-label="Table of ${escaped(title)}"><table><thead><tr><th scope="col">From</th><th scope="col">Requests</th><th scope="col">To</th><th scope="col">Share</th><th scope="col">How</th></tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table></div></details>`;
}

function rowHtml(edge: GraphEdge, labels: ReadonlyMap<string, string>): string {
  const sign =
    edge.change === undefined ? '' : { added: '+ new', removed: '\u2212 gone', changed: '~ changed' }[edge.change];
  const cells = [
    labels.get(edge.from) ?? edge.from,
    [edge.host, edge.who].filter((part) => part !== '').join(': ') || 'all requests',
    labels.get(edge.to) ?? edge.to,
    shareWords(edge) || '100 %',
    [sign, ...edge.notes, ...lostWords(edge), ...observedWords(edge)].filter((part) => part !== '').join('; '),
  ];
  return `<tr class="${edge.change ?? 'same'}">${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`;
}

const pageStyle = `
:root { color-scheme: light dark; --page: #ffffff; --text: #1f2328; --quiet: #59636e; --border: #d1d9e0; --green: #1a7f37; --red: #cf222e; --amber: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --page: #0d1117; --text: #e6edf3; --quiet: #9198a1; --border: #3d444d; --green: #3fb950; --red: #f85149; --amber: #d29922; } }
* { box-sizing: border-box; }
body { margin: 0; padding: clamp(0.5rem, 3vw, 1rem); background: var(--page); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
header, main { max-width: 90rem; margin: 0 auto; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; display: inline; } header p { margin: 0.2rem 0; color: var(--quiet); }
label { display: block; margin-top: 0.6rem; font-weight: 600; }
input { width: min(28rem, 100%); padding: 0.5rem 0.7rem; font: inherit; color: inherit; background: transparent; border: 1px solid var(--quiet); border-radius: 6px; }
section, main > details { border: 1px solid var(--border); border-radius: 8px; padding: 0.75rem; margin: 0.75rem 0; }
summary { cursor: pointer; padding: 0.25rem 0; }
.picture { overflow-x: auto; margin-top: 0.5rem; }
.picture svg { display: block; height: auto; max-width: 100%; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--border); overflow-wrap: anywhere; min-width: 6rem; }
.deviations { color: var(--amber); } .deviations ul { margin: 0.3rem 0; }
.added { color: var(--green); } .removed { color: var(--red); } .changed { color: var(--amber); }
:focus-visible { outline: 3px solid #0969da; outline-offset: 2px; }
[hidden] { display: none; }
`;

/** Search fades the nodes and hides the rows that do not match, and shows the number of matches. */
const script = `
const search = document.getElementById('search');
const found = document.getElementById('found');
search.addEventListener('input', () => {
  const wanted = search.value.trim().toLowerCase();
  let hits = 0;
  for (const node of document.querySelectorAll('.node')) {
    const hit = node.getAttribute('aria-label').toLowerCase().includes(wanted);
    node.classList.toggle('faded', !hit);
    if (hit) hits++;
  }
  for (const edge of document.querySelectorAll('.edge')) edge.classList.toggle('faded', wanted !== '');
  for (const row of document.querySelectorAll('tbody tr, .tree .source')) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  if (wanted !== '') for (const part of document.querySelectorAll('main > details')) part.open = part.textContent.toLowerCase().includes(wanted);
  found.textContent = wanted === '' ? '' : hits + ' found';
});
`;

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

const treeStyle = `
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
