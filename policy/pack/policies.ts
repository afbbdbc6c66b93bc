import type { Finding } from '../finding';
import { fixOf, subjectOf } from '../report/report';
import {
  type KubernetesResource,
  kubernetesResources,
  recordInputs,
  type Report,
  type ResourceArgs,
  type StackArgs,
} from './resource';
import type { ResourceValidationPolicy, StackValidationPolicy } from '@pulumi/policy';
import { checkReport } from '../check';
import type { CheckOptions, Rule } from '../rule';
import { rules } from '../rules';
import { configSchema, packOptions, shareOptions } from './options';
import { judgeStack } from './judge-stack';

/** A finding as the message of a policy violation, with the fix. */
function violationText(finding: Finding): string {
  const { rule, path, message, istio, kiali } = finding;
  const codes = [rule, istio, kiali].filter((code) => code !== undefined).join(', ');
  const fix = fixOf(rule);
  const head = [subjectOf(finding), path].filter((part) => part !== '').join(' ');
  return [`${head}: ${message} [${codes}]`, ...(fix === undefined ? [] : [`Fix: ${fix}`])].join('\n');
}

/** Reports findings, each with the URN of its resource if that is known. */
function reportAll(
  findings: readonly Finding[],
  report: Report,
  urnOf: (finding: Finding) => string | undefined,
): void {
  for (const finding of findings) report(violationText(finding), urnOf(finding));
}

const alone = rules.filter(({ single }) => single);

/** A patch has only some fields of an object, so only rules about a single field apply. */
const ofPatches = alone.filter(({ id }) => id.startsWith('weight-'));

/**
 * Judges each object alone, by its inputs, before it is registered. A mandatory finding fails `pulumi preview`, and `pulumi up` before the object changes. The
 * inputs are recorded for the stack policies.
 */
export const objectPolicy = {
  name: 'istio-objects',
  description: 'Mistakes within one Istio object: weights, schema, single settings.',
  enforcementLevel: 'mandatory',
  severity: 'high',
  displayName: 'Objects of Istio',
  configSchema,
  validateResource: (args: ResourceArgs, report) => {
    const resources = kubernetesResources(args);
    if (resources.length === 0) return;
    recordInputs(args.urn, resources);
    const own = args.getConfig<CheckOptions>();
    shareOptions(own);
    const options = packOptions(own, args.stackTags);
    reportAll(mandatoryFindings(resources, options), report, () => undefined);
  },
} satisfies ResourceValidationPolicy;

/** Mandatory findings for the objects of one resource, each judged alone. */
function mandatoryFindings(resources: readonly KubernetesResource[], options: CheckOptions): Finding[] {
  const [patches, whole] = [resources.filter(({ isPatch }) => isPatch), resources.filter(({ isPatch }) => !isPatch)];
  return [findingsOf(patches, ofPatches, options), findingsOf(whole, alone, options)]
    .flat()
    .filter(({ level, rule }) => level === 'mandatory' && rule !== 'options');
}

function findingsOf(
  resources: readonly KubernetesResource[],
  rules: readonly Rule[],
  options: CheckOptions,
): readonly Finding[] {
  if (resources.length === 0) return [];
  const { findings, undetermined } = checkReport(
    resources.map(({ object }) => object),
    options,
    { rules, unknowns: new Map(resources.map(({ object, unknowns }) => [object, unknowns])) },
  );
  return [...findings, ...undetermined];
}

/** Judges all objects of the stack together, when all are registered. A preview fails before anything changes; an update without a preview fails only afterwards. */
export const meshPolicy = {
  name: 'istio-mesh',
  description: 'Mistakes between objects: references, conflicts, reachability, mTLS.',
  enforcementLevel: 'mandatory',
  severity: 'high',
  displayName: 'The mesh as a whole',
  configSchema,
  validateStack: (args: StackArgs, report) => {
    const { findings, undetermined, urnOf } = judgeStack(args);
    reportAll(
      [...findings, ...undetermined].filter(({ level }) => level === 'mandatory'),
      report,
      urnOf,
    );
  },
} satisfies StackValidationPolicy;

/** Advisory findings, waived findings, and values that a preview does not know yet. */
export const advicePolicy = {
  name: 'istio-advice',
  description: 'Advice, which does not stop a deployment.',
  enforcementLevel: 'advisory',
  severity: 'low',
  displayName: 'Advice',
  configSchema,
  validateStack: (args: StackArgs, report) => {
    const { findings, waived, undetermined, urnOf } = judgeStack(args);
    reportAll(
      [...findings, ...undetermined].filter(({ level }) => level === 'advisory'),
      report,
      urnOf,
    );
    for (const finding of waived) report(`Waived. ${violationText(finding)}`, urnOf(finding));
  },
} satisfies StackValidationPolicy;

/** Name of the pack. */
export const packName = 'meshwright';

/** The policies of the pack, in the order in which the engine calls them. */
export const policies = [objectPolicy, meshPolicy, advicePolicy] as const;
