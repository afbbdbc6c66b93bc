import { jsonReport } from './json';
import { junitReport } from './junit';
import type { SourcedReport } from './report';
import { sarifReport } from './sarif';
import { textReport } from './text';

/** Every way to write a report, by the name that a command line gives it. */
export const reportFormats = {
  text: textReport,
  json: jsonReport,
  sarif: sarifReport,
  junit: junitReport,
} satisfies Record<string, (report: SourcedReport) => string>;

export type ReportFormat = keyof typeof reportFormats;
