import { isWildcard } from '../../mesh/model/hosts';
import { hostRules } from '../model/host-rules';
import { isMovedByController } from '../model/rollouts';
import { writtenRoutes } from '../model/routes';
import { examples, type Rule, type Violation } from '../rule';

/** Judged where the Service of the host is among the objects. */
export const subsetPolicyUnused: Rule = {
  id: 'subset-policy-unused',
  level: 'advisory',
  title: 'a subset with a traffic policy is the destination of some route',
  single: false,
  docs: {
    why: 'The policy of a subset holds only for requests that a route sends to the subset by name. Requests to the host itself get the policy of the host.',
    ...examples(
      `
apiVersion: v1
kind: Service
metadata: { name: cart, namespace: shop }
spec: { selector: { app: cart }, ports: [{ name: http, port: 80 }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: cart, namespace: shop }
spec:
  host: cart
  subsets: [{ name: all, labels: { app: cart }, trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } } }]
`,
      [
        'subsets: [{ name: all, labels: { app: cart }, trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } } }]',
        'trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } }',
      ],
    ),
    fix: 'Move the policy to spec.trafficPolicy, or route to the subset by name.',
  },
  check: (model, options) => {
    const used = new Set(
      writtenRoutes(model).flatMap(({ destinations }) =>
        destinations.map(({ host, subset }) => `${host} ${subset ?? ''}`),
      ),
    );
    return hostRules(model).all.flatMap(({ host, subsets, source }): Violation[] => {
      if (isWildcard(host) || model.services.withHost(host).length === 0 || isMovedByController(model, options, source))
        return [];
      return subsets
        .filter(({ name, trafficPolicy }) => trafficPolicy !== undefined && !used.has(`${host} ${name}`))
        .map(({ name, path }) => ({
          object: source.object,
          path: `${path}.trafficPolicy`,
          message: `no route sends requests to subset "${name}" of ${host}, so this policy is never in force; move it to spec.trafficPolicy, or route to the subset`,
        }));
    });
  },
};
