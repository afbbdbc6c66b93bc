import { byShare } from './graph';
import type { GraphEdge, TrafficGraph } from './types';
import { type Section, sections } from './sections';
import { isMember, lostWords, observedWords, shareWords } from './text';
import { treeHtml, treeStyle } from './tree';
import { escaped, graphStyle } from './svg';

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
