import { planObjects, removeAll, type Lab } from '../../lab';
import { asUserError } from '../lab-errors';
import { UserError } from '../errors';
import { say } from '../output';
import { findPulumi } from './find-pulumi';
import { isDeployedByPulumi, labStack } from './lab-stack';
import { planText } from './plan-text';

export interface TakeDownOptions {
  /** Whether to go on, once the plan has been shown. */
  agreed: (question: string) => Promise<boolean>;
  /** Takes the plan and what was done, for stdout. */
  tell: (text: string) => void;
}

/**
 * Takes an environment off the lab by the means that put it there: its objects and no others, after the plan has been shown.
 * @returns false when it was not agreed to; then nothing was touched
 * @throws UserError when it cannot be done; a second run goes on where this one stopped
 */
export async function takeDown(lab: Lab, name: string, options: TakeDownOptions): Promise<boolean> {
  const byPulumi = isDeployedByPulumi(lab, name);
  if (byPulumi && !(await destroy(lab, name, options))) return false;
  const plan = await asUserError(planObjects(lab, [], { name }));
  const count = plan.removed.length + plan.changed.length;
  if (count > 0) {
    options.tell(`Plan\n${planText(plan)}\n`);
    if (!(await options.agreed(`Remove ${name} from the lab?`))) return false;
  }
  // Also when there is no object: an interrupted run may have left the set itself.
  await asUserError(removeAll(lab, { name, log: say }));
  if (count > 0) options.tell(`Removed: ApplySet "${name}" and all that was in it.\n`);
  else if (!byPulumi) options.tell(`Nothing of ${name} is on the lab.\n`);
  return true;
}

/** `pulumi destroy`, then the stack itself. */
async function destroy(lab: Lab, name: string, { agreed }: TakeDownOptions): Promise<boolean> {
  const pulumi = findPulumi();
  if (!pulumi.found) {
    throw new UserError(
      `${name} was deployed by Pulumi, which alone knows what is part of it; nothing was removed: ${pulumi.reason}.`,
    );
  }
  const stack = labStack(lab, name);
  const run = (...words: string[]): void => {
    if (stack.run(...words, '--non-interactive') === 0) return;
    throw new UserError(
      `pulumi ${words[0] ?? ''} did not succeed: see above. Run the command again once that is put right.`,
    );
  };
  stack.select();
  run('destroy', '--preview-only');
  if (!(await agreed(`Destroy the stack ${name}?`))) return false;
  run('destroy', '--yes', '--skip-preview');
  run('stack', 'rm', '--yes');
  return true;
}
