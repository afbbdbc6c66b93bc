import type { StackValidationPolicy } from '@pulumi/policy';
import { judgeStack } from './judge-stack';
import { configSchema } from './options';
import type { StackArgs } from './resource';
import { violationText, voiceAll } from './voice';

/**
 * Judges all objects of the stack together. Runs when everything is registered: in a preview it stops the update, in an update it comes after the fact, so do not skip
 * previews.
 */
export const meshPolicy = {
  name: 'istio-mesh',
  description: 'Objects that are wrong together: references, conflicts, reachability, mTLS.',
  enforcementLevel: 'mandatory',
  severity: 'high',
  displayName: 'The mesh as a whole',
  configSchema,
  validateStack: (args: StackArgs, report) => {
    const { findings, undetermined, urnOf } = judgeStack(args);
    voiceAll(
      [...findings, ...undetermined].filter(({ level }) => level === 'mandatory'),
      report,
      urnOf,
    );
  },
} satisfies StackValidationPolicy;

/** Everything that is worth a look, stops nothing; also what is waived, and what cannot be judged yet. */
export const advicePolicy = {
  name: 'istio-advice',
  description: 'Worth a look; stops nothing.',
  enforcementLevel: 'advisory',
  severity: 'low',
  displayName: 'Advice',
  configSchema,
  validateStack: (args: StackArgs, report) => {
    const { findings, waived, undetermined, urnOf } = judgeStack(args);
    voiceAll(
      [...findings, ...undetermined].filter(({ level }) => level === 'advisory'),
      report,
      urnOf,
    );
    for (const finding of waived) report(`Waived. ${violationText(finding)}`, urnOf(finding));
  },
} satisfies StackValidationPolicy;
