import type { ResourceValidationPolicy } from '@pulumi/policy';
import { checkReport } from '../check';
import type { Finding } from '../finding';
import type { CheckOptions } from '../options';
import { rules } from '../rules';
import { kubernetesResources, type KubernetesResource } from './kubernetes-resource';
import { configSchema, packOptions, shareOptions } from './options';
import { recordInputs } from './recorded-inputs';
import { voiceAll } from './voice';

const alone = rules.filter(({ single }) => single);

/** Of a patch only what it states can be judged; the rest of the object is somebody else's. */
const ofPatches = alone.filter(({ id }) => id.startsWith('weight-'));

/**
 * Judges each object alone, by its inputs, before it is registered: what it finds stops `pulumi preview`, and `pulumi up` before the object is touched. Also
 * remembers the inputs of every Kubernetes object for the policies over the stack.
 */
export const objectPolicy: ResourceValidationPolicy = {
  name: 'istio-objects',
  description: 'An object of Istio that is wrong by itself: weights, schema, single settings.',
  enforcementLevel: 'mandatory',
  severity: 'high',
  displayName: 'Objects of Istio',
  configSchema,
  validateResource: (args, report) => {
    const resources = kubernetesResources(args.type, args.props);
    if (resources.length === 0) return;
    recordInputs(args.urn, resources);
    const own = args.getConfig<CheckOptions>();
    shareOptions(own);
    const options = packOptions(own, args.stackTags);
    voiceAll(mandatoryFindings(resources, options), report, () => undefined);
  },
};

function mandatoryFindings(resources: readonly KubernetesResource[], options: CheckOptions): Finding[] {
  return resources.flatMap(({ object, unknowns, isPatch }) => {
    const report = checkReport([object], options, {
      rules: isPatch ? ofPatches : alone,
      unknowns: new Map([[object, unknowns]]),
    });
    return [...report.findings, ...report.undetermined].filter(
      ({ level, rule }) => level === 'mandatory' && rule !== 'options',
    );
  });
}
