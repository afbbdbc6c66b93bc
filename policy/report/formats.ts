import { pushTo } from '../../mesh/collections';
import type { Finding } from '../finding';
import { fixOf, subjectOf, type ReportSource, type Sourced, type SourcedReport } from './report';
import junit from 'junit-report-builder';
import type { Log, ReportingDescriptor, Result } from 'sarif';
import { version } from '../../package.json';
import { everyRule } from '../rules';

const indent = '  ';

/** A report for people: the findings of each object with their fixes, then a line with the totals. */
export function textReport(report: SourcedReport): string {
  const { findings, waived, undetermined } = report;
  const blocks = [
    ...byObject([...findings, ...undetermined]).map(([head, group]) => [head, ...group.flatMap(lines)].join('\n')),
    ...(waived.length === 0 ? [] : [['Waived', ...waived.map(waivedLine)].join('\n')]),
  ];
  return [...blocks, summary(report)].map((block) => `${block}\n`).join('\n');
}

/** `2 mandatory and 1 advisory findings in 14 objects, 1 waived`. */
function summary({ findings, waived, undetermined, objects }: SourcedReport): string {
  const all = [...findings, ...undetermined];
  const counted = (['mandatory', 'advisory'] as const)
    .map((level) => ({ level, count: all.filter((finding) => finding.level === level).length }))
    .filter(({ count }) => count > 0)
    .map(({ level, count }) => `${count} ${level}`);
  const found = counted.length === 0 ? 'No findings' : `${counted.join(' and ')} finding${all.length === 1 ? '' : 's'}`;
  const told = waived.length === 0 ? '' : `, ${waived.length} waived`;
  return `${found} in ${objects} object${objects === 1 ? '' : 's'}${told}`;
}

function byObject(findings: Sourced[]): [string, Sourced[]][] {
  const groups = new Map<string, Sourced[]>();
  for (const finding of findings) {
    const head = `${subjectOf(finding)}${sourceText(finding.source)}`;
    pushTo(groups, head, finding);
  }
  return [...groups];
}

/** The file of the object; the finding itself shows the line. */
function sourceText(source: ReportSource | undefined): string {
  return source?.file === undefined ? '' : `  (${source.file})`;
}

function lines(finding: Sourced, index: number, group: Sourced[]): string[] {
  const { level, rule, path, message, source } = finding;
  const place = [path, source?.key, source?.line === undefined ? undefined : `line ${source.line}`]
    .filter(Boolean)
    .join(', ');
  const repeated = group.slice(index + 1).some((later) => later.rule === rule);
  const fix = repeated ? undefined : fixOf(rule);
  return [
    `${indent}${level.padEnd('mandatory'.length)}  ${[rule, ...codes(finding)].join(' ')}${place === '' ? '' : `  ${place}`}`,
    `${indent}${indent}${message}`,
    ...(fix === undefined ? [] : [`${indent}${indent}fix: ${fix}`]),
  ];
}

function waivedLine(finding: Sourced & { reason: string }): string {
  return `${indent}${subjectOf(finding)}  ${finding.rule}  ${finding.path}\n${indent}${indent}${finding.message}\n${indent}${indent}reason: ${finding.reason}`;
}

function codes({ istio, kiali }: Finding): string[] {
  return [istio, kiali].filter((code) => code !== undefined);
}

/** A report for programs. */
export function jsonReport({ findings, waived, undetermined, objects }: SourcedReport): string {
  return `${JSON.stringify({ objects, findings, waived, undetermined }, null, 2)}\n`;
}

/** A report in JUnit's XML, which most CI servers show: a suite per object, a case per finding; advice and waivers are skipped cases. */
export function junitReport({ findings, waived, undetermined, objects }: SourcedReport): string {
  const builder = junit.newBuilder();
  const suites = new Map<string, ReturnType<typeof builder.testSuite>>();
  const caseOf = (finding: Sourced): ReturnType<ReturnType<typeof builder.testSuite>['testCase']> => {
    const subject = subjectOf(finding);
    const suite = suites.get(subject) ?? builder.testSuite().name(subject);
    suites.set(subject, suite);
    return suite.testCase().className(subject).name(`${finding.rule} ${finding.path}`.trim());
  };
  for (const finding of [...findings, ...undetermined]) {
    const fix = fixOf(finding.rule);
    const text = fix === undefined ? finding.message : `${finding.message}\nfix: ${fix}`;
    const reported = caseOf(finding).file(finding.source?.file ?? '');
    if (finding.level === 'mandatory') reported.failure(text, finding.rule);
    else reported.skipped().standardOutput(text);
  }
  for (const finding of waived)
    caseOf(finding).skipped().standardOutput(`${finding.message}\nwaived: ${finding.reason}`);
  if (suites.size === 0) builder.testSuite().name('meshwright check').testCase().name(`${objects} objects`);
  return `${builder.build()}\n`;
}

const sarifSchema = 'https://json.schemastore.org/sarif-2.1.0.json';

/** A report in SARIF 2.1.0, which code scanning of GitHub, GitLab and others reads. Waived findings are included, as suppressed. */
export function sarifReport({ findings, waived, undetermined }: SourcedReport): string {
  const told = [...findings, ...undetermined];
  const results = [
    ...told.map(result),
    ...waived.map((finding): Result => ({
      ...result(finding),
      suppressions: [{ kind: 'inSource', justification: finding.reason }],
    })),
  ];
  const log: Log = {
    version: '2.1.0',
    $schema: sarifSchema,
    runs: [{ tool: { driver: { name: 'meshwright', version, rules: descriptors([...told, ...waived]) } }, results }],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function result(finding: Sourced): Result {
  const { rule, level, message, path, source } = finding;
  return {
    ruleId: rule,
    level: level === 'mandatory' ? 'error' : 'warning',
    message: { text: `${subjectOf(finding)} ${path}: ${message}` },
    locations: [
      {
        ...(source?.file === undefined
          ? {}
          : {
              physicalLocation: {
                artifactLocation: { uri: source.file },
                ...(source.line === undefined ? {} : { region: { startLine: source.line } }),
              },
            }),
        logicalLocations: [{ fullyQualifiedName: `${subjectOf(finding)} ${path}`.trim(), kind: 'object' }],
      },
    ],
  };
}

/** Only the rules that have findings. */
function descriptors(findings: Sourced[]): ReportingDescriptor[] {
  return [...new Set(findings.map(({ rule }) => rule))].sort().map((id) => {
    const known = everyRule.find((rule) => rule.id === id);
    const fix = fixOf(id);
    return {
      id,
      ...(known === undefined
        ? {}
        : { shortDescription: { text: known.title }, fullDescription: { text: known.docs.why } }),
      ...(fix === undefined ? {} : { help: { text: fix } }),
    };
  });
}

/** Every way to write a report, by the name that a command line gives it. */
export const reportFormats = {
  text: textReport,
  json: jsonReport,
  sarif: sarifReport,
  junit: junitReport,
} satisfies Record<string, (report: SourcedReport) => string>;

export type ReportFormat = keyof typeof reportFormats;
