import type { ChangeRule } from '../rule';
import { subsetRemovalInUse } from './subset-removal-in-use';
import { versionRemovalInUse } from './version-removal-in-use';
import { weightStepLimit } from './weight-step-limit';

/** Every rule over a change, in the order of the catalogue. One per line. */
// prettier-ignore
export const changeRules: readonly ChangeRule[] = [
  weightStepLimit,
  subsetRemovalInUse,
  versionRemovalInUse,
];
