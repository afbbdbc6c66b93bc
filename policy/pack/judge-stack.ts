import { defined, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { checkReport, type CheckReport } from '../check';
import { findingSubject, type Finding, compareFindings } from '../finding';
import { type CheckOptions, raise } from '../rule';
import { rules } from '../rules';
import { resourceRules } from '../rules/resource-rules';
import { withoutUndetermined, applyWaivers } from '../engine-findings';
import { packOptions } from './options';
import { recordedInputs } from './kubernetes-resource';
import { releaseFacts } from './releases';
import type { StackArgs, StackResource } from './resource';
import { memoizeLast } from '../../mesh/model/memoize';
import { stackResources, type StackResources } from './stack-resources';

/** The findings for a whole stack. */
export interface JudgedStack {
  /** Without those that `istio-objects` has reported. */
  findings: Finding[];
  /** Findings that an annotation waives. They are reported as advice, so that a waiver stays visible. */
  waived: Finding[];
  undetermined: Finding[];
  urnOf: (finding: Finding) => string | undefined;
}

const singleRules = new Set(rules.filter(({ single }) => single).map(({ id }) => id));

export function judgeStack(args: StackArgs): JudgedStack {
  const stack = stackResources(args.resources);
  const { externals, uncertain } = blindSpots(stack.unknowns);
  const given = packOptions(args.getConfig<CheckOptions>(), args.stackTags);
  const options = withExternals(withFacts(given, args.resources), externals);
  const { report, ofResources } = judge(stack, options);
  const urnOf = (finding: Finding): string | undefined => stack.urns.get(findingSubject(finding));
  const isNew = (finding: Finding): boolean => !isReportedByObject(finding, urnOf(finding));
  const all = [...report.findings, ...ofResources.standing].filter(isNew).sort(compareFindings);
  const postponed = all.filter(({ rule }) => uncertain.includes(rule)).map(undetermined);
  return {
    findings: all.filter(({ rule }) => !uncertain.includes(rule)),
    waived: [...report.waived, ...ofResources.waived],
    undetermined: [...report.undetermined.filter(isNew), ...postponed].sort(compareFindings),
    urnOf,
  };
}

/** The options, completed by what the stack's Helm releases say. An option wins over a release. */
function withFacts(given: CheckOptions, resources: readonly StackResource[]): CheckOptions {
  return defined({ ...releaseFacts(resources), ...given });
}

interface Found {
  report: CheckReport;
  ofResources: ReturnType<typeof applyWaivers>;
}

/** Runs all rules. Remembered, because two policies ask for the same stack. */
const judge = memoizeLast((stack: StackResources, options: CheckOptions): Found => ({
  report: checkReport(stack.objects, options, { unknowns: stack.unknowns }),
  ofResources: resourceFindings(stack, options),
}));

/** Whether `istio-objects` has reported a finding already: it does so for every object that it saw in this run. */
function isReportedByObject({ rule, level }: Finding, urn: string | undefined): boolean {
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

/** A finding that rests on a DestinationRule with unknown values becomes advice. */
function undetermined(finding: Finding): Finding {
  return {
    ...finding,
    rule: 'undetermined',
    level: 'advisory',
    message: `${finding.message} (${finding.rule}); a DestinationRule is not fully known before deployment, so this may turn out to be fine`,
  };
}

type Externals = NonNullable<CheckOptions['externals']>;

/** What an object shows others, by kind: what counts as "there is more than is known" while a part of it is unknown. */
const shows: Record<string, keyof Externals> = {
  Namespace: 'namespaces',
  Service: 'hosts',
  ServiceEntry: 'hosts',
  Gateway: 'gateways',
  Deployment: 'workloads',
  StatefulSet: 'workloads',
  DaemonSet: 'workloads',
  ReplicaSet: 'workloads',
  Pod: 'workloads',
  Secret: 'secrets',
  ServiceAccount: 'serviceAccounts',
};

/** Rules that ask for something a DestinationRule holds, in other objects. */
const askDestinationRules = ['subset-exists', 'weight-to-empty-version', 'mtls-coherence'];

/** Parts of an object that others can only see when they are known. */
const visible =
  /^(metadata(\.(name|namespace|labels))?|spec(\.(hosts?|ports|subsets|exportTo|selector|servers|template|addresses))?)([.[]|$)/;

/** What unknown values make uncertain about other objects. */
export interface BlindSpots {
  externals: Externals;
  /** Rules whose findings rest on what is not known yet. */
  uncertain: readonly string[];
}

/** An object that is not quite known may be the very one that another misses, so that nothing may be said to be missing of its kind. */
function blindSpots(unknowns: ReadonlyMap<KubernetesObject, readonly string[]>): BlindSpots {
  const blurred = [...unknowns]
    .filter(([, paths]) => paths.some((path) => visible.test(path)))
    .map(([{ kind }]) => kind);
  const lists = new Set(blurred.flatMap((kind) => shows[kind] ?? []));
  return {
    externals: Object.fromEntries([...lists].map((list) => [list, ['*']])),
    uncertain: blurred.includes('DestinationRule') ? askDestinationRules : [],
  };
}

/** The options with more that is there than they say. */
function withExternals(options: CheckOptions, more: Externals): CheckOptions {
  const externals: Externals = { ...options.externals };
  for (const list of Object.keys(more) as (keyof Externals)[]) {
    externals[list] = [...(externals[list] ?? []), ...(more[list] ?? [])];
  }
  return { ...options, externals };
}
