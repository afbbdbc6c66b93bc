import type { Finding } from '../finding';
import { fixOf, subjectOf } from '../report/report';
import type { Report } from './resource';

/** One finding as the text of a violation: what, where, why, and what to do. It quotes no value that the check did not mean to show. */
export function violationText(finding: Finding): string {
  const { rule, path, message, istio, kiali } = finding;
  const codes = [rule, istio, kiali].filter((code) => code !== undefined).join(', ');
  const fix = fixOf(rule);
  const head = [subjectOf(finding), path].filter((part) => part !== '').join(' ');
  return [`${head}: ${message} [${codes}]`, ...(fix === undefined ? [] : [`Fix: ${fix}`])].join('\n');
}

/** Reports findings, each with the URN of its resource where that is known. */
export function voiceAll(
  findings: readonly Finding[],
  report: Report,
  urnOf: (finding: Finding) => string | undefined,
): void {
  for (const finding of findings) report(violationText(finding), urnOf(finding));
}
