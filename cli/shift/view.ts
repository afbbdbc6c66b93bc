import { effectiveWeights, splitText } from '../../mesh/manifests/weights';
import { printable } from '../../mesh/strings';
import type { TrafficGraph } from '../../mesh/traffic/graph/types';
import { say } from '../output';
import { errorRate, type Figures, milliseconds, percent, type Verdict } from './gates';
import { type Entry, hasEnded, type Journal } from './journal';

/** Shows a running shift: events on stdout, as lines or JSON, and the state of the step in the last line of a terminal. */
export class View {
  private shown = 0;
  private figures: Figures | undefined;

  /** @param journal - as it is before the run; its entries are not shown again */
  constructor(
    private readonly asJson: boolean,
    journal?: Journal,
  ) {
    this.shown = journal?.log.length ?? 0;
  }

  /** Takes the journal after each change. */
  report(journal: Journal, verdict?: Verdict): void {
    if (verdict?.figures !== undefined) this.figures = verdict.figures;
    say.rewrite?.('');
    for (const entry of journal.log.slice(this.shown)) process.stdout.write(`${this.line(journal, entry)}\n`);
    this.shown = journal.log.length;
  }

  /** Rewrites the last line of the terminal. */
  status(journal: Journal, now: number): void {
    if (!this.asJson && !hasEnded(journal)) say.rewrite?.(statusText(journal, now, this.figures));
  }

  private line(journal: Journal, entry: Entry): string {
    const { label = '' } = journal.steps[entry.step] ?? {};
    if (this.asJson) {
      const { id, routes, steps, phase } = journal;
      return JSON.stringify({ id, routes, steps: steps.length - 1, label, phase, ...entry });
    }
    const time = new Date(entry.at).toISOString().slice(11, 19);
    const figures = entry.figures === undefined ? '' : figuresText(entry.figures);
    return printable(`${time}  ${label}: ${entry.text}${figures === '' ? '' : ` (${figures})`}`);
  }
}

/** `v3 25 %, observed 24.6 %, errors 0.1 %, p99 12 ms, 43 s left` */
function statusText(journal: Journal, now: number, figures = lastFigures(journal)): string {
  const { steps, at, phase, due } = journal;
  const left = Math.max(0, Math.ceil((due - now) / 1000));
  const parts = [
    `step ${at} of ${steps.length - 1}, ${steps[at]?.label ?? ''}`,
    figures === undefined ? '' : figuresText(figures),
    phase === 'measuring' ? `${left} s left` : phase,
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** The figures of the last judgement of this step. */
function lastFigures({ log, at }: Journal): Figures | undefined {
  return log.findLast(({ step, figures }) => step === at && figures !== undefined)?.figures;
}

function figuresText({ routes, queries }: Figures): string {
  const counted = routes.map(({ route, canary, stable }) => {
    const total = canary.requests + stable.requests;
    const observed = total === 0 ? '-' : percent((canary.requests / total) * 100);
    const errors = `errors ${percent(errorRate(canary))} (stable ${percent(errorRate(stable))})`;
    const p99 = `p99 ${milliseconds(canary.p99)} (stable ${milliseconds(stable.p99)})`;
    const name = routes.length > 1 ? `${route} ` : '';
    return `${name}observed ${observed} of ${Math.round(total)} requests, ${errors}, ${p99}`;
  });
  return [...counted, ...queries.map(({ query, value }) => `${query}: ${value ?? '-'}`)].join('; ');
}

/** A shift for `--status`: its step, its weights and its record. */
export function journalText(journal: Journal, now: number): string {
  const { id, routes, phase, log, steps, at } = journal;
  const weights = Object.entries(steps[at]?.routes ?? {}).map(([route, state]) => {
    return `  ${route}  ${splitText(effectiveWeights(state.weights ?? {}) ?? {})}`;
  });
  const view = log.map(
    ({ at: time, step, text }) => `  ${new Date(time).toISOString()}  ${steps[step]?.label ?? ''}: ${text}`,
  );
  return printable(
    [`${id}: ${routes.join(', ')}, ${phase}`, `  ${statusText(journal, now)}`, ...weights, ...view].join('\n'),
  );
}

/** The graph with the running shifts: a caption for each, and a note at its services. */
export function withShifts(graph: TrafficGraph, journals: readonly Journal[], now: number): TrafficGraph {
  const captions = journals.map((journal) => `Shift of ${journal.routes.join(', ')}: ${statusText(journal, now)}.`);
  const nodes = graph.nodes.map((node) => {
    const running = journals.find(({ routes }) => routes.includes(`${node.namespace}/${node.label}`));
    if (node.kind !== 'service' || running === undefined) return node;
    const { at, steps, phase } = running;
    return { ...node, notes: [...node.notes, `shift: step ${at} of ${steps.length - 1}, ${phase}`] };
  });
  return { ...graph, nodes, captions: [...graph.captions, ...captions] };
}
