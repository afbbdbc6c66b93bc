import { asMap, isMap } from '../../mesh/json';
import { hostRules, policiesOf } from '../model/host-rules';
import { writtenRoutes } from '../model/routes';
import type { Rule, Violation } from '../rule';

export const affinityWithWeights: Rule = {
  id: 'affinity-with-weights',
  level: 'advisory',
  title: 'session affinity is not combined with weighted subsets',
  single: false,
  docs: {
    why: 'The weights choose a subset for each request first, and the hash chooses a pod within it. A user with a cookie still changes version from request to request (istio#9764).',
    bad: `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: cart, namespace: shop }
spec:
  host: cart
  trafficPolicy: { loadBalancer: { consistentHash: { httpCookie: { name: user, ttl: 0s } } } }
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: shop }
spec:
  hosts: [cart]
  http:
    - route:
        - { destination: { host: cart, subset: v1 }, weight: 80 }
        - { destination: { host: cart, subset: v2 }, weight: 20 }
`,
    good: `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: cart, namespace: shop }
spec:
  host: cart
  trafficPolicy: { loadBalancer: { consistentHash: { httpCookie: { name: user, ttl: 0s } } } }
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: cart, namespace: shop }
spec:
  hosts: [cart]
  http:
    - match: [{ headers: { x-group: { exact: canary } } }]
      route: [{ destination: { host: cart, subset: v2 } }]
    - route: [{ destination: { host: cart, subset: v1 } }]
`,
    fix: 'Choose the version by a header or cookie that stays the same for a user, or do without affinity while weights are shifted.',
  },
  check: (model) => {
    const sticky = new Set(
      hostRules(model).all.flatMap((rule) =>
        policiesOf(rule).some(({ policy }) => isMap(asMap(policy['loadBalancer'])['consistentHash']))
          ? [rule.host]
          : [],
      ),
    );
    return writtenRoutes(model).flatMap(({ destinations, source, path }): Violation[] => {
      const live = destinations.filter((destination) => destination.live && !destination.mirror);
      const host = live
        .map((destination) => destination.host)
        .find((name, at, all) => all.indexOf(name) < at && sticky.has(name));
      if (host === undefined) return [];
      const message = `weights divide the requests between subsets of ${host} before its consistentHash chooses a pod, so a user changes version from request to request; choose the version by a header or cookie, or remove consistentHash`;
      return [{ object: source.object, path: `${path}.route`, message }];
    });
  },
};
