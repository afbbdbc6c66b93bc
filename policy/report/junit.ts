import junit from 'junit-report-builder';
import { fixOf, subjectOf, type Sourced, type SourcedReport } from './report';

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
