import type { KeyProblem } from '../problem';
import type { StackFile } from '../schema/stack-file';
import { chartRules } from './charts';
import { duplicateRules } from './duplicates';
import { gatewayReferenceRules } from './gateway-references';
import { gatewayServiceRules } from './gateway-service';
import { namespaceRules } from './namespaces';
import { weightRules } from './weights';

/** What must hold between the keys of a stack file. Each takes a well-formed file and says all that is wrong in it. */
export const stackRules: ((stack: StackFile) => KeyProblem[])[] = [
  chartRules,
  gatewayServiceRules,
  namespaceRules,
  gatewayReferenceRules,
  weightRules,
  duplicateRules,
];
