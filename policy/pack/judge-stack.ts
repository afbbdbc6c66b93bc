import { asMap, asName, asStringMap, type JsonMap } from '../../mesh/json';
import { gatewayLabel, gatewayNamespace } from '../../mesh/manifests/gateway-workload';
import { apiGroup, defined, type KubernetesObject, objectTitle } from '../../mesh/manifests/kubernetes';
import { gatewayPodObjects } from '../../mesh/traffic/stack-objects';
import { checkReport, type CheckReport } from '../check';
import { findingSubject, type Finding, compareFindings } from '../finding';
import { applyWaivers, expectationFindings, withoutUndetermined } from '../engine-findings';
import { type CheckOptions, modelOptions, raise } from '../rule';
import { resourceRules, rules } from '../rules';
import { packOptions, releaseFacts, stackFile } from './options';
import { recordedInputs, type StackArgs, type StackResource } from './resource';
import { memoizeLast } from '../../mesh/model/memoize';
import { stackResources, type StackResources } from './stack-resources';

/** The findings for a whole stack. */
export interface JudgedStack {
  /** Findings that `istio-objects` has not reported. */
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
  const postponed = all
    .filter(({ rule }) => uncertain.includes(rule))
    .map((finding) => undetermined(finding, 'a DestinationRule'));
  const expectations = judgedExpectations(stack, options, stackFile());
  return {
    findings: [...all.filter(({ rule }) => !uncertain.includes(rule)), ...expectations.findings],
    waived: [...report.waived, ...ofResources.waived],
    undetermined: [...report.undetermined.filter(isNew), ...postponed, ...expectations.undetermined].sort(
      compareFindings,
    ),
    urnOf,
  };
}

/** The options, completed from the stack's Helm releases. An option wins over a release. */
function withFacts(given: CheckOptions, resources: readonly StackResource[]): CheckOptions {
  return defined({ ...releaseFacts(resources), ...given });
}

interface Found {
  report: CheckReport;
  ofResources: ReturnType<typeof applyWaivers>;
}

/** Runs all rules. The result is kept, because two policies need it for the same stack. */
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

/**
 * Judges the tests of routing in the configuration of the stack (`meshwright:expect`), of any program: they can only
 * make the gate stricter.
 */
const judgedExpectations = memoizeLast(
  (stack: StackResources, options: CheckOptions, sections: JsonMap): Pick<JudgedStack, 'findings' | 'undetermined'> => {
    if (!('expect' in sections)) return { findings: [], undetermined: [] };
    const traffic = {
      objects: [...stack.objects, ...gatewayObjects(options, sections)],
      options: { ...modelOptions(options), weightOwners: stack.weightOwners },
    };
    const findings = expectationFindings(traffic, sections['expect']);
    const [blurred] = [...stack.unknowns].filter(([object, paths]) => paths.some((path) => decides(object, path)));
    if (blurred === undefined) return { findings, undetermined: [] };
    const isFailed = ({ level }: Finding): boolean => level === 'mandatory';
    return {
      findings: findings.filter((finding) => !isFailed(finding)),
      undetermined: findings.filter(isFailed).map((finding) => undetermined(finding, objectTitle(blurred[0]))),
    };
  },
);

/** Pods of gateways: those of Helm releases, and those of a Meshwright stack, which may exist outside it. */
function gatewayObjects({ gatewayWorkloads = [] }: CheckOptions, sections: JsonMap): KubernetesObject[] {
  // Istio's chart labels the pods of a gateway with the name of its release.
  const released = gatewayWorkloads.flatMap((pods) =>
    gatewayPodObjects({ ...pods, name: pods.labels['app'] ?? 'gateway' }),
  );
  const own = Object.entries(asMap(sections['gateways'])).flatMap(([name, settings]) => {
    const { namespace, labels } = asMap(settings);
    const known = defined({ namespace: asName(namespace), labels: asStringMap(labels) });
    return gatewayPodObjects({
      name,
      namespace: gatewayNamespace(known),
      labels: { app: name, istio: gatewayLabel(name), ...known.labels },
    });
  });
  return [...new Map([...own, ...released].map((object) => [objectTitle(object), object])).values()];
}

/** Whether another value at this path of an object could send requests elsewhere. */
function decides({ apiVersion, kind }: KubernetesObject, path: string): boolean {
  if (!/^(metadata(\.(name|namespace|labels))?|spec)([.[]|$)/.test(path)) return false;
  if (apiGroup(apiVersion).endsWith('.istio.io')) return true;
  const isPod = /^spec\.template\.spec\./.test(path);
  return (
    shows[kind] !== undefined && kind !== 'Secret' && (!isPod || /\.(ports|serviceAccountName)([.[]|$)/.test(path))
  );
}

/** A finding that depends on unknown values of an object becomes advisory. */
function undetermined(finding: Finding, what: string): Finding {
  return {
    ...finding,
    rule: 'undetermined',
    level: 'advisory',
    message: `${finding.message} (${finding.rule}); ${what} is not fully known before deployment, so this may turn out to be fine`,
  };
}

type Externals = NonNullable<CheckOptions['externals']>;

/**
 * The list of externals that an object of a kind belongs to. It counts as incomplete while a part of the object is
 * unknown.
 */
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

/** Rules that judge other objects by the contents of a DestinationRule. */
const askDestinationRules = ['subset-exists', 'weight-to-empty-version', 'mtls-coherence'];

/** Parts of an object that matter to other objects. */
const visible =
  /^(metadata(\.(name|namespace|labels))?|spec(\.(hosts?|ports|subsets|exportTo|selector|servers|template|addresses))?)([.[]|$)/;

/** What unknown values make uncertain in other objects. */
export interface BlindSpots {
  externals: Externals;
  /** Rules whose findings depend on unknown values. */
  uncertain: readonly string[];
}

/**
 * An object with unknown values may be the one that another object refers to, so no object of its kind may be reported
 * as missing.
 */
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

/** The options with more externals. */
function withExternals(options: CheckOptions, more: Externals): CheckOptions {
  const externals: Externals = { ...options.externals };
  for (const list of Object.keys(more) as (keyof Externals)[]) {
    externals[list] = [...(externals[list] ?? []), ...(more[list] ?? [])];
  }
  return { ...options, externals };
}
