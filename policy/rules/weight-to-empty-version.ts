import { asMap, asNumber, isMap } from '../../mesh/json';
import type { MeshModel, MeshService, MeshWorkload } from '../../mesh/model/mesh-model';
import { clientNamespaces, effectiveRule } from '../model/clients';
import { destinationTitle, type RouteDestination, type WrittenRoute, writtenRoutes } from '../model/routes';
import { endpointsOf } from '../../mesh/model/endpoints';
import { contradiction } from '../model/workloads';
import { type CheckOptions, examples, type Rule, type Violation } from '../rule';

/**
 * The model of the mesh decides whether a version has pods. It knows autoscalers, rollouts and labels that controllers
 * set; if it cannot tell, nothing is reported. If a workload has a `status`, one of its pods must have been ready.
 */
export const weightToEmptyVersion: Rule = {
  id: 'weight-to-empty-version',
  level: 'mandatory',
  title: 'requests go only to versions that have pods',
  istio: ['IST0173'],
  kiali: ['KIA0203'],
  single: false,
  docs: {
    why: 'All requests to a subset without pods fail with 503. Istio and the cluster accept such a route.',
    ...examples(
      `
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: bookinfo }
spec: { selector: { app: reviews }, ports: [{ name: http, port: 9080 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: reviews-v1, namespace: bookinfo }
spec:
  selector: { matchLabels: { app: reviews, version: v1 } }
  template: { metadata: { labels: { app: reviews, version: v1 } } }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: bookinfo }
spec:
  host: reviews
  subsets: [{ name: v1, labels: { version: v1 } }, { name: v2, labels: { version: v2 } }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http:
    - route:
        - { destination: { host: reviews, subset: v1 }, weight: 90 }
        - { destination: { host: reviews, subset: v2 }, weight: 10 }
`,
      ['weight: 90', 'weight: 100'],
      ['subset: v2 }, weight: 10', 'subset: v2 }, weight: 0'],
    ),
    fix: 'Deploy the version first and wait until it is ready, or keep its weight at 0.',
  },
  check: (model, options) =>
    writtenRoutes(model).flatMap((route) =>
      route.destinations
        .filter(({ live, mirror }) => live && !mirror)
        .flatMap((destination) => violations(model, options, route, destination)),
    ),
};

function violations(
  model: MeshModel,
  options: CheckOptions,
  route: WrittenRoute,
  destination: RouteDestination,
): Violation[] {
  const { virtualService, source } = route;
  const service = model.serviceFor(destination.writtenHost, source.namespace);
  if (service?.registry !== 'Kubernetes') return [];
  const labels = subsetLabels(model, options, route, destination);
  if (labels === undefined || contradiction(labels, service.selector) !== undefined) return [];
  const fault = faultOf(model, service, labels, destination.port);
  if (fault === undefined) return [];
  const { weight, path } = destination;
  const share = weight === undefined ? 'all requests of its rule' : `${weight} % of the requests of its rule`;
  const stated = weight === undefined ? path : `${path}.weight`;
  const message = `${destinationTitle(destination)} gets ${share}, but ${fault}: they fail with 503. Deploy it first, or send its share elsewhere`;
  return [{ object: virtualService.source.object, path: stated, message }];
}

/** Labels of the destination's subset in the DestinationRule in effect; none for a destination without a subset, undefined when nothing defines it. */
function subsetLabels(
  model: MeshModel,
  options: CheckOptions,
  route: WrittenRoute,
  { subset, host }: RouteDestination,
): Record<string, string> | undefined {
  if (subset === undefined) return {};
  for (const client of clientNamespaces(model, options, route).flat()) {
    const found = effectiveRule(model, host, client)?.subsets.find(({ name }) => name === subset);
    if (found !== undefined) return found.labels;
  }
  return undefined;
}

function faultOf(
  model: MeshModel,
  service: MeshService,
  labels: Record<string, string>,
  port: number | undefined,
): string | undefined {
  const found = endpointsOf(model, service, { labels, ...(port === undefined ? {} : { port }) });
  if (found.is === 'none') return found.why;
  if (found.is === 'unknown' || found.workloads.length === 0) return undefined;
  const names = found.workloads.map(({ workload }) => `${workload.kind} ${workload.name}`).join(', ');
  return found.workloads.every(({ workload }) => wasNotReady(workload))
    ? `no pod of ${names} was ready when its state was last read`
    : undefined;
}

/** The controller has reported on the workload, and no pod of it was ready. */
function wasNotReady({ kind, source }: MeshWorkload): boolean {
  const status = source.object['status'];
  if (!['Deployment', 'StatefulSet', 'ReplicaSet', 'Rollout'].includes(kind)) return false;
  if (!isMap(status) || asNumber(status['observedGeneration']) === undefined) return false;
  return (asNumber(asMap(status)['readyReplicas']) ?? 0) === 0;
}
