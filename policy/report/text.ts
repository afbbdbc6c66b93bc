import type { Finding } from '../finding';
import { fixOf, subjectOf, type Source, type Sourced, type SourcedReport } from './report';

const indent = '  ';

/** A report for people: by object, each finding with what to do about it, and a last line that counts. */
export function textReport(report: SourcedReport): string {
  const { findings, waived, undetermined } = report;
  const blocks = [
    ...byObject([...findings, ...undetermined]).map(([head, group]) => [head, ...group.flatMap(lines)].join('\n')),
    ...(waived.length === 0 ? [] : [['Waived', ...waived.map(waivedLine)].join('\n')]),
  ];
  return [...blocks, summary(report)].map((block) => `${block}\n`).join('\n');
}

/** `2 mandatory and 1 advisory findings in 14 objects, 1 waived`. */
export function summary({ findings, waived, undetermined, objects }: SourcedReport): string {
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
    groups.set(head, [...(groups.get(head) ?? []), finding]);
  }
  return [...groups];
}

/** Where the object is; the line of a finding stands with the finding. */
function sourceText(source: Source | undefined): string {
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
