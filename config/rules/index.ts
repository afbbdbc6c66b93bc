import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';
import { addonRules, appRules, chartRules } from './sections';
import { duplicateRules } from './duplicates';
import { gatewayReferenceRules, weightRules } from './routes';
import { gatewayServiceRules } from './gateway-service';
import { namespaceRules } from './namespaces';
import { nodePortRangeAdvice } from './node-port-range';

/** Takes a well-formed stack file and says all that is wrong in it. */
export type StackRule = (stack: StackFile) => KeyProblem[];

/** What must hold between the keys of a stack file. */
export const stackRules: StackRule[] = [
  chartRules,
  gatewayServiceRules,
  namespaceRules,
  appRules,
  addonRules,
  gatewayReferenceRules,
  weightRules,
  duplicateRules,
];

/** What is probably meant otherwise, but may be right. */
export const stackAdvice: StackRule[] = [nodePortRangeAdvice];
