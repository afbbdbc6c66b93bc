import type { Literal } from '../matching/literal';
import type { Outcome, RuleRef } from '../outcome';
import type { Verdict } from '../policies';
import type { Action } from './action';

/** One route of Envoy's, made from one entry of a rule's `match`. */
export interface CompiledRoute {
  /** All must hold: conditions on the request and, in the mesh, on its client. */
  when: Literal[];
  /** None of these conjunctions may hold. Only a route that stands in for rules of others has them. */
  unless: Literal[][];
  /** Port of the listener that it is for; undefined: every port. */
  port: number | undefined;
  action: Action;
  rule: RuleRef | undefined;
  /** Namespace of the VirtualService, where destinations are looked up first. */
  namespace: string;
  /** What the AuthorizationPolicies of the destinations say of these requests, by {@link policyKey}. */
  verdicts?: ReadonlyMap<string, Verdict>;
  /** What becomes of these requests whatever the action. */
  fixed?: Outcome;
  /** What the policies of the gateway leave open. */
  unknown?: string;
  /** Policies have taken these of the requests of the rule before. */
  except?: Literal[][];
}

/** A route without conditions on the request: istiod puts those last at gateways. */
export function isCatchAll(route: CompiledRoute): boolean {
  return route.when.every(
    ({ variable, test, negated }) => variable === 'path' && !negated && test.kind === 'regex' && test.value === '.*',
  );
}
