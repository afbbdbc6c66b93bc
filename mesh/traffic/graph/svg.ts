import { instance } from '@viz-js/viz';
import { printable } from '../words';
import { graphDot } from './dot';
import type { GraphNode, TrafficGraph } from './graph';
import { nodeLines } from './labels';
import { graphStyle } from './style';

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

/** Names for those who do not see the picture, and a stop for the keyboard at every node. */
function accessible(svg: string, { nodes }: TrafficGraph, title: string): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  return svg
    .slice(svg.indexOf('<svg'))
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

/** Text out of SVG: Graphviz writes even a hyphen as a code. */
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
