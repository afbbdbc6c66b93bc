import type { Literal } from '../matching/literal';
import { refusedAction } from '../rules/action';
import type { CompiledRoute } from '../rules/compiled';
import type { L4Route } from '../rules/l4-routes';

/**
 * Clients for which Envoy refuses the TLS listener of a service, as routes that come before all others: two rules for them have a server name in common. Equal lists
 * of names do no harm, as istiod leaves the later one out (istio pilot/pkg/networking/core/tls.go, hashRuntimeTLSMatchPredicates).
 */
export function refusals(hostname: string, routes: readonly L4Route[]): CompiledRoute[] {
  return routes.flatMap((later, index) =>
    routes.slice(0, index).flatMap((earlier) => {
      const name = isSameList(earlier, later) ? undefined : sharedName(earlier, later);
      return name === undefined ? [] : [refusal(hostname, name, earlier, later)];
    }),
  );
}

function refusal(hostname: string, name: string, earlier: L4Route, later: L4Route): CompiledRoute {
  const rules = [...new Set([earlier, later].map(ruleWords))].join(' and ');
  return {
    when: unique([...earlier.when, ...later.when]),
    unless: [],
    port: undefined,
    action: refusedAction(
      `refused by Envoy, which goes on with the listener it had: server name ${name} of ${hostname} is in ${rules}`,
    ),
    rule: undefined,
    namespace: later.namespace,
  };
}

function ruleWords({ rule }: L4Route): string {
  return rule === undefined ? 'its own rule' : `${rule.kind} ${rule.namespace}/${rule.name} ${rule.path}`;
}

function isSameList(a: L4Route, b: L4Route): boolean {
  return JSON.stringify([a.sniHosts, a.subnets]) === JSON.stringify([b.sniHosts, b.subnets]);
}

/** A server name that both have for the same addresses. */
function sharedName(a: L4Route, b: L4Route): string | undefined {
  const address = (route: L4Route): string[] => (route.subnets.length === 0 ? [''] : route.subnets);
  if (!address(a).some((subnet) => address(b).includes(subnet))) return undefined;
  return a.sniHosts.find((name) => b.sniHosts.includes(name));
}

function unique(literals: readonly Literal[]): Literal[] {
  return [...new Map(literals.map((literal) => [JSON.stringify(literal), literal])).values()];
}
