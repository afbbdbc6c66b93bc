import type { ChangeRule, ResourceRule, Rule } from '../rule';
import { affinityWithWeights } from './affinity-with-weights';
import { ambientWaypoint } from './ambient-waypoint';
import { applyOrder } from './apply-order';
import { attachesToNothing } from './attaches-to-nothing';
import { authzDenyAll } from './authz-deny-all';
import { authzHttpOnTcp } from './authz-http-on-tcp';
import { authzNeedsMtls } from './authz-needs-mtls';
import { authzSelectorTargets } from './authz-selector-targets';
import { blastRadiusOutlier } from './blast-radius-outlier';
import { configMatchesEmitted } from './config-matches-emitted';
import { crdOnly } from './crd-only';
import { defaultRoute } from './default-route';
import { delegateRef } from './delegate-ref';
import { drConflict } from './dr-conflict';
import { exporttoNamespaces } from './exportto-namespaces';
import { faultInProduction } from './fault-in-production';
import { gatewayApiBackend } from './gateway-api-backend';
import { gatewayConflict } from './gateway-conflict';
import { gatewayCredential } from './gateway-credential';
import { gatewayRef } from './gateway-ref';
import { gatewayWorkloadPort } from './gateway-workload-port';
import { hostExists } from './host-exists';
import { jwtRouteNeedsRa } from './jwt-route-needs-ra';
import { kubernetesSchema } from './kubernetes-schema';
import { literalWildcard } from './literal-wildcard';
import { mirrorSelf } from './mirror-self';
import { mtlsCoherence } from './mtls-coherence';
import { objectSchema } from './object-schema';
import { peerauthUnique } from './peerauth-unique';
import { repeatedDestination } from './repeated-destination';
import { requestsFail } from './requests-fail';
import { retryBudget } from './retry-budget';
import { revisionInstalled } from './revision-installed';
import { rewriteSlash } from './rewrite-slash';
import { routeIgnoredByPulumi } from './route-ignored-by-pulumi';
import { routeProtocol } from './route-protocol';
import { routeReplacement } from './route-replacement';
import { sameProvider } from './same-provider';
import { schemaWarnings } from './schema-warnings';
import { servicePorts } from './service-ports';
import { serviceentry } from './serviceentry';
import { sidecarScope } from './sidecar-scope';
import { sidecarUnique } from './sidecar-unique';
import { strictWithoutProxy } from './strict-without-proxy';
import { subsetExists } from './subset-exists';
import { subsetLabels } from './subset-labels';
import { subsetOverlap } from './subset-overlap';
import { subsetPolicyUnused } from './subset-policy-unused';
import { subsetRemovalInUse } from './subset-removal-in-use';
import { telemetryUnique } from './telemetry-unique';
import { tlsOrigination } from './tls-origination';
import { tlsOriginationCa } from './tls-origination-ca';
import { unreachableRoute } from './unreachable-route';
import { versionRemovalInUse } from './version-removal-in-use';
import { versionSkew } from './version-skew';
import { vsHostConflict } from './vs-host-conflict';
import { weightExplicit } from './weight-explicit';
import { weightRange } from './weight-range';
import { weightSingle } from './weight-single';
import { weightStepLimit } from './weight-step-limit';
import { weightSum100 } from './weight-sum-100';
import { weightToEmptyVersion } from './weight-to-empty-version';
import { workloadWithoutAuthz } from './workload-without-authz';

/** Every rule over Kubernetes objects, in the order of the catalogue, one per line. */
// prettier-ignore
export const rules: readonly Rule[] = [
  weightSum100,
  weightRange,
  weightExplicit,
  weightSingle,
  subsetExists,
  hostExists,
  weightToEmptyVersion,
  subsetOverlap,
  subsetLabels,
  objectSchema,
  kubernetesSchema,
  crdOnly,
  gatewayRef,
  vsHostConflict,
  drConflict,
  unreachableRoute,
  mtlsCoherence,
  strictWithoutProxy,
  peerauthUnique,
  sidecarUnique,
  telemetryUnique,
  gatewayConflict,
  gatewayWorkloadPort,
  gatewayCredential,
  authzSelectorTargets,
  authzDenyAll,
  authzNeedsMtls,
  jwtRouteNeedsRa,
  faultInProduction,
  revisionInstalled,
  exporttoNamespaces,
  ambientWaypoint,
  serviceentry,
  sidecarScope,
  repeatedDestination,
  defaultRoute,
  retryBudget,
  mirrorSelf,
  blastRadiusOutlier,
  tlsOriginationCa,
  servicePorts,
  schemaWarnings,
  workloadWithoutAuthz,
  versionSkew,
  affinityWithWeights,
  attachesToNothing,
  authzHttpOnTcp,
  delegateRef,
  gatewayApiBackend,
  literalWildcard,
  rewriteSlash,
  routeProtocol,
  subsetPolicyUnused,
  tlsOrigination,
  requestsFail,
];

/** Every rule over a change, in the order of the catalogue. One per line. */
// prettier-ignore
export const changeRules: readonly ChangeRule[] = [
  weightStepLimit,
  subsetRemovalInUse,
  versionRemovalInUse,
];

/** Every rule over the resources of a Pulumi program, in the order of the catalogue. One per line. */
// prettier-ignore
export const resourceRules: readonly ResourceRule[] = [
  applyOrder,
  routeIgnoredByPulumi,
  routeReplacement,
  configMatchesEmitted,
  sameProvider,
];

/** What all kinds of rules have in common. */
export type RuleHeader = Omit<Rule, 'check' | 'single'>;

/** Every rule: over objects, over resources of a Pulumi program, and over changes. */
export const everyRule: readonly RuleHeader[] = [...rules, ...resourceRules, ...changeRules];
