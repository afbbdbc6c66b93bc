import { instance } from '@viz-js/viz';
import { printable } from '../../strings';
import { graphDot, nodeLines } from './text';
import type { GraphNode, TrafficGraph } from './types';

/** Colours of the graph in both colour schemes; contrast of text is at least 4.5 to 1. */
export const graphStyle = `
svg.mesh { --ink: #1f2328; --soft: #59636e; --line: #818b98; --face: #ffffff; --service: #ddf4ff; --version: #f6f8fa; --gateway: #fbefff; --answer: #fff8c5;
  --good: #1a7f37; --bad: #cf222e; --warn: #9a6700; }
@media (prefers-color-scheme: dark) { svg.mesh { --ink: #e6edf3; --soft: #9198a1; --line: #656c76; --face: #0d1117; --service: #0c2d48; --version: #212830;
  --gateway: #34244d; --answer: #3b2f0c; --good: #3fb950; --bad: #f85149; --warn: #d29922; } }
svg.mesh text { fill: var(--ink); font-family: system-ui, sans-serif; }
svg.mesh .graph > polygon { fill: var(--face); }
svg.mesh .edge text, svg.mesh .graph > text { fill: var(--soft); }
svg.mesh .node path, svg.mesh .node polygon, svg.mesh .node polyline { fill: var(--version); stroke: var(--line); }
svg.mesh .node.service path { fill: var(--service); }
svg.mesh .node.gateway polygon, svg.mesh .node.gateway path { fill: var(--gateway); }
svg.mesh .node.answer polygon, svg.mesh .node.answer path { fill: var(--answer); }
svg.mesh .edge path { stroke: var(--line); fill: none; }
svg.mesh .edge polygon { stroke: var(--line); fill: var(--line); }
svg.mesh .edge.idle path { stroke-dasharray: 2 4; }
svg.mesh .cluster path, svg.mesh .cluster polygon { fill: none; stroke: var(--line); stroke-dasharray: 2 3; }
svg.mesh .cluster text { fill: var(--soft); }
svg.mesh .node.missing path { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 4; }
svg.mesh .added path, svg.mesh .added polygon { stroke: var(--good); stroke-width: 2; }
svg.mesh .removed path, svg.mesh .removed polygon { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 5 4; }
svg.mesh .changed path, svg.mesh .changed polygon { stroke: var(--warn); stroke-width: 2; }
svg.mesh .edge.added text { fill: var(--good); } svg.mesh .edge.removed text { fill: var(--bad); } svg.mesh .edge.changed text { fill: var(--warn); }
svg.mesh .edge.deviating path, svg.mesh .edge.deviating polygon { stroke: var(--warn); stroke-width: 2; }
svg.mesh .edge.deviating text { fill: var(--warn); font-weight: 600; }
svg.mesh .node:focus { outline: none; }
svg.mesh .node:focus path, svg.mesh .node:focus polygon { stroke: #0969da; stroke-width: 4; }
svg.mesh .faded { opacity: 0.15; }
`.trim();

/** Draws graphs; the layout program is loaded once. */
export async function svgRenderer(): Promise<(graph: TrafficGraph, title: string) => string> {
  const viz = await instance();
  return (graph, title) =>
    accessible(viz.renderString(graphDot(graph), { format: 'svg', engine: 'dot' }), graph, title);
}

/** A picture that stands alone, with its colours. */
export function standaloneSvg(svg: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${svg.replace(/(<svg[^>]*>)/, `$1<style>${graphStyle}</style>`)}`;
}

/** Graphviz draws a column from the bottom, so that its nodes come in reverse. */
function inReadingOrder(svg: string): string {
  const node = /<g id="node\d+" class="node[\s\S]*?<\/g>/g;
  const all = svg.match(node) ?? [];
  return svg.replace(node, () => all.pop() ?? '');
}

/** Adds labels for screen readers, and makes every node reachable with the keyboard. */
function accessible(svg: string, { nodes }: TrafficGraph, title: string): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return inReadingOrder(svg.slice(svg.indexOf('<svg')))
    .replace(/<svg width="(\d+)pt"/, `<svg style="min-width: $1px" width="$1pt"`)
    .replace('<svg', `<svg role="group" aria-label="${escaped(title)}" class="mesh"`)
    .replace(
      /<g id="(node\d+)" class="node([^"]*)">\s*<title>([^<]*)<\/title>/g,
      (whole, _id: string, classes: string, id: string) => {
        const node = byId.get(unescaped(id));
        if (node === undefined) return whole;
        return `<g tabindex="0" role="img" class="node${classes}" data-name="${escaped(node.label)}" aria-label="${escaped(spoken(node))}">`;
      },
    )
    .replace(/<g id="edge\d+" class="edge([^"]*)">\s*<title>[^<]*<\/title>/g, '<g class="edge$1" aria-hidden="true">')
    .replace(/<g id="(?:graph|clust)\d+" class="([^"]*)"/g, '<g class="$1"')
    .replace(/<title>[^<]*<\/title>\s*/g, '')
    .replace(/<!--[\s\S]*?-->\s*/g, '');
}

const changes = { added: ', new', removed: ', gone', changed: ', changed' } as const;

function spoken(node: GraphNode): string {
  const place = node.namespace === '' ? '' : ` in ${node.namespace}`;
  return `${node.kind} ${nodeLines({ ...node, label: node.label })
    .join(', ')
    .replace(/^[+~\u2212] /, '')}${place}${node.change === undefined ? '' : changes[node.change]}`;
}

/** Plain text from SVG: Graphviz writes even a hyphen as a character reference. */
function unescaped(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&');
}

export function escaped(text: string): string {
  return printable(text).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
