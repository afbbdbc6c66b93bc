import { objectPolicy } from './object-policy';
import { advicePolicy, meshPolicy } from './stack-policies';

/** Name of the pack, as findings and the engine have it. */
export const packName = 'meshwright';

/** Its policies, in the order in which they are asked. */
export const policies = [objectPolicy, meshPolicy, advicePolicy] as const;
