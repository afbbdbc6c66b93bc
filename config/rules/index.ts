import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';
import { gatewayReferenceRules, rolloutRules, weightRules } from './routes';
import { gatewayServiceRules } from './gateway-service';
import { namespaceRules } from './namespaces';
import { adoptRules, duplicateRules } from './objects';
import { addonRules, appRules, chartRules, configSizeAdvice, listRules, nodePortRangeAdvice } from './sections';

/** Finds problems in a well-formed stack file. */
export type StackRule = (stack: StackFile) => KeyProblem[];

/** Rules that the keys of a stack file must meet together. */
export const stackRules: StackRule[] = [
  chartRules,
  gatewayServiceRules,
  namespaceRules,
  appRules,
  addonRules,
  gatewayReferenceRules,
  weightRules,
  rolloutRules,
  listRules,
  duplicateRules,
  adoptRules,
];

/** Advice on what is allowed, but probably a mistake or beyond a limit. */
export const stackAdvice: StackRule[] = [nodePortRangeAdvice, configSizeAdvice];
