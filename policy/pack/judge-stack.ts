import { isDeepStrictEqual } from 'node:util';
import { defined, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { checkReport, type CheckReport } from '../check';
import { findingSubject, type Finding } from '../finding';
import type { CheckOptions } from '../options';
import { compareFindings } from '../order';
import { raise } from '../raise';
import { rules } from '../rules';
import { resourceRules } from '../rules/resource-rules';
import { withoutUndetermined, type Unknowns } from '../unknowns';
import { applyWaivers } from '../waivers';
import { blindSpots, withExternals } from './blind-spots';
import { packOptions } from './options';
import { recordedInputs } from './recorded-inputs';
import { releaseFacts } from './releases';
import type { StackArgs, StackResource } from './resource';
import { rememberLast } from '../../mesh/model/remember-last';
import { stackResources, type StackResources } from './stack-resources';

/** What the whole stack has to say, for both policies over it. */
export interface JudgedStack {
  /** Without what the policy for objects has told already. */
  findings: Finding[];
  /** Findings that an annotation waives, which are told as advice so that a waiver is never forgotten. */
  waived: Finding[];
  undetermined: Finding[];
  urnOf: (finding: Finding) => string | undefined;
}

const singleRules = new Set(rules.filter(({ single }) => single).map(({ id }) => id));

export function judgeStack(args: StackArgs): JudgedStack {
  const stack = stackResources(args.resources);
  const { externals, uncertain } = blindSpots(stack.unknowns);
  const told = packOptions(args.getConfig<CheckOptions>(), args.stackTags);
  const options = withExternals(withFacts(told, args.resources), externals);
  const { report, ofResources } = found(stack, options);
  const urnOf = (finding: Finding): string | undefined => stack.urns.get(findingSubject(finding));
  const isNew = (finding: Finding): boolean => !isToldByObject(finding, urnOf(finding));
  const all = [...report.findings, ...ofResources.standing].filter(isNew).sort(compareFindings);
  const postponed = all.filter(({ rule }) => uncertain.includes(rule)).map(undetermined);
  return {
    findings: all.filter(({ rule }) => !uncertain.includes(rule)),
    waived: [...report.waived, ...ofResources.waived],
    undetermined: [...report.undetermined.filter(isNew), ...postponed].sort(compareFindings),
    urnOf,
  };
}

/** Judges a stack before anybody asks: what is found need not be found out again when it comes as expected. */
export function judgeExpectedStack(resources: readonly StackResource[], told: CheckOptions): void {
  const { objects, unknowns } = stackResources(resources);
  objectsReport(objects, withExternals(withFacts(told, resources), {}), unknowns);
}

/** The options with what the releases of a stack say, unless they say something else. */
function withFacts(told: CheckOptions, resources: readonly StackResource[]): CheckOptions {
  return defined({ ...releaseFacts(resources), ...told });
}

interface Found {
  report: CheckReport;
  ofResources: ReturnType<typeof applyWaivers>;
}

/** What all rules say. */
const found = rememberLast((stack: StackResources, options: CheckOptions): Found => ({
  report: objectsReport(stack.objects, options, stack.unknowns),
  ofResources: resourceFindings(stack, options),
}));

/** What rules over objects say. It may have been asked ahead, of a stack in which everything is known. */
const objectsReport = rememberLast(
  (objects: readonly KubernetesObject[], options: CheckOptions, unknowns: Unknowns): CheckReport =>
    checkReport(objects, options, { unknowns }),
  ([objects, options, unknowns], [others, otherOptions, otherUnknowns]) =>
    unknowns.size + otherUnknowns.size === 0 && isDeepStrictEqual(options, otherOptions) && isSameList(objects, others),
);

/** Of lists that have each object once, as those of `stackResources` do. */
function isSameList(objects: readonly KubernetesObject[], others: readonly KubernetesObject[]): boolean {
  const known = new Set(others);
  return objects.length === others.length && objects.every((object) => known.has(object));
}

/** Whether the policy for objects has told a finding: it tells what is wrong with an object by itself, if it saw the object in this run. */
function isToldByObject({ rule, level }: Finding, urn: string | undefined): boolean {
  const ofObject = singleRules.has(rule) || rule === 'waiver' || rule === 'undetermined';
  return level === 'mandatory' && ofObject && urn !== undefined && recordedInputs(urn) !== undefined;
}

function resourceFindings(
  { resources, unknowns }: StackResources,
  options: CheckOptions,
): ReturnType<typeof applyWaivers> {
  const raised = resourceRules
    .filter(({ id }) => options.rules?.[id] !== 'off')
    .flatMap((rule) => rule.check(resources, options).map((violation) => raise(rule, violation, options)));
  return applyWaivers(withoutUndetermined(raised, unknowns));
}

/** What would be mandatory, were the objects that it asks for known. */
function undetermined(finding: Finding): Finding {
  return {
    ...finding,
    rule: 'undetermined',
    level: 'advisory',
    message: `${finding.message} (${finding.rule}); a DestinationRule is not fully known before deployment, so this may turn out to be fine`,
  };
}
