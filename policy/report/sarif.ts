import type { Log, ReportingDescriptor, Result } from 'sarif';
import { version } from '../../package.json';
import { everyRule } from '../rules/every-rule';
import { fixOf, subjectOf, type Sourced, type SourcedReport } from './report';

const sarifSchema = 'https://json.schemastore.org/sarif-2.1.0.json';

/** A report in SARIF 2.1.0, which code scanning of GitHub, GitLab and others reads. What is waived is there, as suppressed. */
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

/** Only the rules that are spoken of. */
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
