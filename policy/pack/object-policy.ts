import type { ResourceValidationPolicy } from '@pulumi/policy';
import { oncePer } from '../../mesh/model/once-per';
import { rememberLast } from '../../mesh/model/remember-last';
import { checkReport } from '../check';
import type { Finding } from '../finding';
import type { CheckOptions } from '../options';
import type { Rule } from '../rule';
import { rules } from '../rules';
import { kubernetesResources, type KubernetesResource } from './kubernetes-resource';
import { configSchema, packOptions, shareOptions } from './options';
import { recordInputs } from './recorded-inputs';
import type { ResourceArgs } from './resource';
import { voiceAll } from './voice';

const alone = rules.filter(({ single }) => single);

/** Of a patch only what it states can be judged; the rest of the object is somebody else's. */
const ofPatches = alone.filter(({ id }) => id.startsWith('weight-'));

/**
 * Judges each object alone, by its inputs, before it is registered: what it finds stops `pulumi preview`, and `pulumi up` before the object is touched. Also
 * remembers the inputs of every Kubernetes object for the policies over the stack.
 */
export const objectPolicy = {
  name: 'istio-objects',
  description: 'An object of Istio that is wrong by itself: weights, schema, single settings.',
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
    voiceAll(mandatoryFindings(resources, options), report, () => undefined);
  },
} satisfies ResourceValidationPolicy;

/** The objects of one resource, by rules that judge each alone. */
export function mandatoryFindings(resources: readonly KubernetesResource[], options: CheckOptions): Finding[] {
  return judged(resources)(options);
}

/** Once for the same options: a set may have been judged ahead. */
const judged = oncePer((resources: readonly KubernetesResource[]) =>
  rememberLast((options: CheckOptions): Finding[] => {
    const [patches, whole] = [resources.filter(({ isPatch }) => isPatch), resources.filter(({ isPatch }) => !isPatch)];
    return [findingsOf(patches, ofPatches, options), findingsOf(whole, alone, options)]
      .flat()
      .filter(({ level, rule }) => level === 'mandatory' && rule !== 'options');
  }),
);

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
