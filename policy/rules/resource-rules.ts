import type { ResourceRule } from '../resource-rule';
import { applyOrder } from './apply-order';
import { configMatchesEmitted } from './config-matches-emitted';
import { routeIgnoredByPulumi } from './route-ignored-by-pulumi';
import { routeReplacement } from './route-replacement';
import { sameProvider } from './same-provider';

/** Every rule over the resources of a Pulumi program, in the order of the catalogue. One per line. */
// prettier-ignore
export const resourceRules: readonly ResourceRule[] = [
  applyOrder,
  routeIgnoredByPulumi,
  routeReplacement,
  configMatchesEmitted,
  sameProvider,
];
