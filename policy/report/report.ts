import type { CheckReport } from '../check';
import type { Finding, Level } from '../finding';
import { everyRule } from '../rules';
import type { WaivedFinding } from '../engine-findings';

/** Where the subject of a finding is written. */
export interface ReportSource {
  /** A file, as the command line names it. */
  file?: string;
  /** From 1. */
  line?: number;
  /** Key in the stack file, e.g. `meshwright:routes.bookinfo.reviews`. */
  key?: string;
}

export type Sourced<T extends Finding = Finding> = T & { source?: ReportSource };

/** A check's report, ready to be formatted. */
export interface SourcedReport {
  findings: Sourced[];
  waived: Sourced<WaivedFinding>[];
  undetermined: Sourced[];
  /** Number of objects that were judged. */
  objects: number;
}

/** The report with the source of each finding, and without findings below the requested level. */
export function sourced(
  report: CheckReport,
  {
    objects,
    sourceOf,
    level = 'advisory',
  }: { objects: number; sourceOf?: (finding: Finding) => ReportSource | undefined; level?: Level },
): SourcedReport {
  const add = <T extends Finding>(findings: readonly T[]): Sourced<T>[] =>
    findings
      .filter((finding) => level === 'advisory' || finding.level === 'mandatory')
      .map((finding) => {
        const source = sourceOf?.(finding);
        return source === undefined ? finding : { ...finding, source };
      });
  return {
    findings: add(report.findings),
    waived: add(report.waived),
    undetermined: add(report.undetermined),
    objects,
  };
}

/** Whether a deployment must stop. */
export function isRefused({ findings, undetermined }: Pick<CheckReport, 'findings' | 'undetermined'>): boolean {
  return [...findings, ...undetermined].some(({ level }) => level === 'mandatory');
}

/** What to do about a finding; undefined for a finding of the engine, whose message includes the fix. */
export function fixOf(id: string): string | undefined {
  return everyRule.find((rule) => rule.id === id)?.docs.fix;
}

/** Name of the object that a finding is about: `VirtualService bookinfo/reviews`. */
export function subjectOf({ kind, namespace, name }: Finding): string {
  const own = namespace === '' ? name : `${namespace}/${name}`;
  return own === '' ? kind : `${kind} ${own}`;
}
