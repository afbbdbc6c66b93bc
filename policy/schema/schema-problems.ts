import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { memoizeByIdentity } from '../../mesh/model/memoize';
import { nearest } from '../../mesh/strings';
import { crdErrors, crdOf } from './crd/schemas';
import { crdOnlyAdvice, translated } from './crd/translate';
import {
  authorizationPolicyProblems,
  dryRunProblems,
  peerAuthenticationProblems,
  requestAuthenticationProblems,
} from './kinds/security';
import { destinationRuleProblems } from './kinds/destination-rule';
import { envoyFilterProblems } from './kinds/envoy-filter';
import { gatewayProblems } from './kinds/gateway';
import { serviceEntryProblems } from './kinds/service-entry';
import { sidecarProblems } from './kinds/sidecar';
import { telemetryProblems } from './kinds/telemetry';
import { virtualServiceProblems } from './kinds/virtual-service';
import { workloadEntryProblems } from './kinds/workload-entry';
import { FieldPlace, error, type SchemaProblem } from './place';

/** istiod's validation of a kind, beyond its CRD. */
type KindCheck = (spec: FieldPlace, namespace: string, object: FieldPlace) => SchemaProblem[];

const kinds: Record<string, KindCheck> = {
  AuthorizationPolicy: authorizationPolicyProblems,
  DestinationRule: destinationRuleProblems,
  EnvoyFilter: envoyFilterProblems,
  Gateway: gatewayProblems,
  PeerAuthentication: peerAuthenticationProblems,
  RequestAuthentication: requestAuthenticationProblems,
  ServiceEntry: serviceEntryProblems,
  Sidecar: sidecarProblems,
  Telemetry: telemetryProblems,
  VirtualService: virtualServiceProblems,
  WorkloadEntry: workloadEntryProblems,
};

export interface SchemaReport {
  /** What the API server or istiod refuses. */
  errors: SchemaProblem[];
  /** What the API server refuses, but istiod would accept. */
  crdOnly: SchemaProblem[];
  /** What istiod accepts with a warning. */
  warnings: SchemaProblem[];
}

const empty: SchemaReport = { errors: [], crdOnly: [], warnings: [] };

/**
 * Everything that the API server and istiod 1.30 report about one Istio object; nothing for other objects. Each object
 * is judged once.
 */
export const schemaReport = memoizeByIdentity(judge);

function judge(object: KubernetesObject): SchemaReport {
  const { apiVersion, kind } = object;
  const place = new FieldPlace(object);
  const crd = crdOf(apiVersion, kind);
  if (crd.found === 'foreign') return empty;
  if (crd.found === 'group') return { ...empty, errors: [unknownKind(place, apiVersion, kind, crd.kinds)] };
  if (crd.found === 'version') return { ...empty, errors: [unservedVersion(place, kind, crd.served)] };
  const structural = translated(crdErrors(crd.id, crd.schema, object), object);
  const check = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  const namespace = place.at('metadata', 'namespace').text;
  const semantic = check === undefined ? [] : check(place.at('spec'), namespace === '' ? 'default' : namespace, place);
  const isCrdOnly = (problem: SchemaProblem): boolean => crdOnlyAdvice(kind, problem) !== undefined;
  const shared = structural.filter((problem) => !isCrdOnly(problem));
  // Where the CRD reports a problem, a second one at the same place would be noise.
  const added = semantic.filter((problem) => !shared.some((other) => related(other.path, problem.path)));
  const all = [...shared, ...added, ...annotationProblems(place)];
  const errors = all.filter(({ severity }) => severity === 'error');
  const crdOnly = structural.filter(
    (problem) => isCrdOnly(problem) && !errors.some((other) => other.path === problem.path),
  );
  return {
    errors,
    crdOnly: crdOnly.map((problem) => ({
      ...problem,
      message: `${problem.message}; ${crdOnlyAdvice(kind, problem) ?? ''}`,
    })),
    warnings: all.filter(({ severity }) => severity === 'warning'),
  };
}

function unknownKind(place: FieldPlace, apiVersion: string, kind: string, known: string[]): SchemaProblem {
  const guess = nearest(kind, known);
  const hint = guess === undefined ? `known are ${known.join(', ')}` : `did you mean "${guess}"?`;
  return error(place.at('kind'), `${apiVersion} has no kind "${kind}"; ${hint}`);
}

function unservedVersion(place: FieldPlace, kind: string, served: string[]): SchemaProblem {
  return error(
    place.at('apiVersion'),
    `"${place.at('apiVersion').text}" is not a version of ${kind} that is served; allowed are ${served.join(', ')}`,
  );
}

/** Annotations that istiod refuses, on any kind. */
function annotationProblems(place: FieldPlace): SchemaProblem[] {
  const annotations = place.at('metadata', 'annotations');
  const dryRun = annotations.at('istio.io/dry-run');
  if (!dryRun.isSet) return [];
  if (place.at('kind').text === 'AuthorizationPolicy') return dryRunProblems(dryRun, place.at('spec'));
  return [error(dryRun, 'is for AuthorizationPolicies only; remove the annotation')];
}

function related(a: string, b: string): boolean {
  const holds = (outer: string, inner: string): boolean =>
    inner.startsWith(outer) && /^($|[.[])/.test(inner.slice(outer.length));
  return holds(a, b) || holds(b, a);
}
