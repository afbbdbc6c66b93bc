import type { SourcedReport } from './report';

/** A report for programs. */
export function jsonReport({ findings, waived, undetermined, objects }: SourcedReport): string {
  return `${JSON.stringify({ objects, findings, waived, undetermined }, null, 2)}\n`;
}
