import { formatProblems } from '../../config/problem';
import { compareStrings, pushTo } from '../../mesh/collections';
import { table } from '../output';
import type { Imported, Placed } from './import';

/** One import, or several together. */
export type Summary = Omit<Imported, 'text' | 'settings'>;
import type { LeftOut } from './intake';
import type { Proof } from './proof';

/** An import as JSON. */
export interface ImportReport {
  /** The stack files, and whether they were written. */
  files: { file: string; written: boolean }[];
  kinds: KindRow[];
  objects: Placed[];
  leftOut: LeftOut[];
  upgraded: string[];
  findings: { key: string; message: string; line?: number }[];
  advice: string[];
  proof: Proof;
}

interface KindRow {
  kind: string;
  frame: number;
  verbatim: number;
  present: number;
  kept: number;
  leftOut: number;
}

export function kindRows({ placed, leftOut }: Pick<Imported, 'placed' | 'leftOut'>): KindRow[] {
  const rows = new Map<string, KindRow>();
  const row = (kind: string): KindRow => {
    const known = rows.get(kind) ?? { kind, frame: 0, verbatim: 0, present: 0, kept: 0, leftOut: 0 };
    rows.set(kind, known);
    return known;
  };
  for (const { kind, is } of placed) row(kind)[is]++;
  for (const { kind, isUnconverted } of leftOut) if (isUnconverted !== true) row(kind).leftOut++;
  return [...rows.values()].sort((a, b) => compareStrings(a.kind, b.kind));
}

/** The summary for people: a table of the kinds, what was left out, findings, and the proof. */
export function summaryText(imported: Summary, placedByDefault: string | undefined): string {
  const { placed, leftOut, findings, assumed, upgraded, advice } = imported;
  const rows = kindRows(imported);
  const isMerge = rows.some(({ present, kept }) => present + kept > 0);
  const header = ['KIND', 'IN THE FRAME', 'VERBATIM', ...(isMerge ? ['PRESENT', 'KEPT'] : []), 'LEFT OUT'];
  const cells = rows.map(({ kind, frame, verbatim, present, kept, leftOut: out }) =>
    [kind, frame, verbatim, ...(isMerge ? [present, kept] : []), out].map((cell) => (cell === 0 ? '-' : String(cell))),
  );
  const sections = [
    table(header, cells),
    list('Converted', upgraded),
    list('Not converted', leftOutLines(leftOut.filter(({ isUnconverted }) => isUnconverted === true))),
    list('Left out', leftOutLines(leftOut.filter(({ isUnconverted }) => isUnconverted !== true))),
    list(
      'Not changed in the stack file (--force replaces them)',
      byReason(
        placed
          .filter(({ is }) => is === 'kept')
          .map(({ title, key, why = '' }) => ({ what: `${title} at ${key}`, why })),
      ),
    ),
    list('Assumed', [...assumed, ...(placedByDefault === undefined ? [] : [placedByDefault])]),
    list('Advice', advice),
    findings.length === 0
      ? ''
      : `Findings on the imported objects: ${findings.length}. render and pulumi up refuse them; --waive waives them\n${formatProblems(findings)}`,
    proofText(imported.proof),
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function list(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function leftOutLines(leftOut: readonly LeftOut[]): string[] {
  return byReason(leftOut.map(({ title, place, why }) => ({ what: `${title} (${place})`, why })));
}

/** Groups lines by their reason. */
function byReason(all: readonly { what: string; why: string }[]): string[] {
  const reasons = new Map<string, string[]>();
  for (const { what, why } of all) pushTo(reasons, why, what);
  return [...reasons].flatMap(([why, whats]) => {
    const shown = whats.slice(0, 5);
    const more = whats.length - shown.length;
    return [`${why}:`, ...shown.map((what) => `  ${what}`), ...(more > 0 ? [`  and ${more} more`] : [])];
  });
}

/** `0 of 12 objects differ, 0 of 30 classes of requests move`. */
function proofText({ objects, differing, missing, classes, moved, moves, traffic }: Proof): string {
  const wrong = differing.length + missing.length;
  const line = `${wrong} of ${objects} objects differ, ${moved} of ${classes} classes of requests move`;
  return [
    line,
    ...differing.map((title) => `  ${title} is made differently`),
    ...missing.map((title) => `  ${title} is not in the stack file`),
    ...(traffic === 'same' ? [] : ['', moves]),
  ].join('\n');
}
