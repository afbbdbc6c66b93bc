import { percent } from '../share';
import type { GraphEdge, GraphNode } from './graph';

const marks = { added: '+ ', removed: '\u2212 ', changed: '~ ' } as const;

/** Lines in a node; a change shows by a sign too, not by colour alone. */
export function nodeLines({ kind, label, notes, change }: GraphNode): string[] {
  const lines = kind === 'answer' ? wrapped(label) : [label];
  return [`${change === undefined ? '' : marks[change]}${lines.join('\n')}`, ...notes];
}

/** Text on one arrow for several ways that differ only in who goes them: hosts, each once, conditions, what happens; broken into short lines. */
export function edgeLabel(edges: readonly GraphEdge[]): string {
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

/** `observed 12 % of 300 requests`, with a sign where that is not what is configured. */
export function observedWords({ observed }: GraphEdge): string[] {
  if (observed === undefined) return [];
  const words = `observed ${percent(observed.share)} of ${observed.requests} requests`;
  return [observed.deviates ? `! ${words}` : words];
}

/** Ways that can share an arrow. */
export function sharedArrows(edges: readonly GraphEdge[]): GraphEdge[][] {
  const arrows = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const { from, to, share, before, notes, lost, observed, change } = edge;
    const key = JSON.stringify([from, to, share, before, notes, lost, observed, change]);
    arrows.set(key, [...(arrows.get(key) ?? []), edge]);
  }
  return [...arrows.values()];
}

/** `90 %`, or `90 % -> 75 %` for what changes; nothing where everything goes one way. */
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
