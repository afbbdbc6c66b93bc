import type { MeshModel } from '../../mesh/model/mesh-model';
import { type PlacedSubset, type RuleGroup, ruleGroups } from '../model/host-rules';
import { writtenRoutes } from '../model/routes';
import { endpointsOf, formatLabels } from '../../mesh/model/endpoints';
import { contradiction, endpointLabels, subsetWorkloads } from '../model/workloads';
import { examples, type Rule, type Violation } from '../rule';

/**
 * Unlike IST0173, only the pods of the Service of the rule's host count. A subset that selects none is advisory until a
 * route sends requests there: preparing a version is not a mistake. A subset without labels is mandatory only beside
 * others of the host, whose pods it also has; alone it is a name for a traffic policy, as Istio's egress examples use
 * it.
 */
export const subsetLabels: Rule = {
  id: 'subset-labels',
  level: 'mandatory',
  title: 'the labels of a subset select pods of its Service',
  istio: ['IST0173'],
  kiali: ['KIA0203', 'KIA0209'],
  single: false,
  docs: {
    why: 'A subset whose labels no pod of the Service carries is empty, and one without labels is the whole Service: neither is a version.',
    ...examples(
      `
apiVersion: v1
kind: Service
metadata: { name: reviews, namespace: bookinfo }
spec: { selector: { app: reviews }, ports: [{ name: http, port: 9080 }] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: bookinfo }
spec:
  host: reviews
  subsets: [{ name: v1, labels: { app: ratings, version: v1 } }]
`,
      ['app: ratings, version', 'version'],
    ),
    fix: 'Write the labels that the pods of the version carry, beyond those that the Service selects by.',
  },
  check: (model) => {
    const used = usedSubsets(model);
    return ruleGroups(model).flatMap((group) =>
      group.subsets.flatMap((subset) => violation(model, group, subset, used)),
    );
  },
};

/** `subset/host` of every subset that gets requests from a route. */
function usedSubsets(model: MeshModel): ReadonlySet<string> {
  return new Set(
    writtenRoutes(model).flatMap(({ destinations }) =>
      destinations.flatMap(({ live, subset, host }) => (live && subset !== undefined ? [`${subset}/${host}`] : [])),
    ),
  );
}

function violation(
  model: MeshModel,
  { host, subsets }: RuleGroup,
  { name, labels, path, trafficPolicy, rule: { source } }: PlacedSubset,
  used: ReadonlySet<string>,
): Violation[] {
  const object = source.object;
  if (Object.keys(labels).length === 0) {
    const sibling = subsets.find((other) => other.name !== name && Object.keys(other.labels).length > 0);
    if (sibling === undefined && trafficPolicy !== undefined) return [];
    const message = `subset "${name}" has no labels, so it is every pod of ${host}${sibling === undefined ? '' : `, those of subset "${sibling.name}" included`}; write the labels of its pods`;
    return [{ object, path, message, ...(sibling === undefined ? { level: 'advisory' as const } : {}) }];
  }
  const service = model.services.withHost(host)[0];
  if (service === undefined) return [];
  const strange = contradiction(labels, service.selector);
  if (strange !== undefined) {
    const message = `subset "${name}" asks for ${strange}=${labels[strange] ?? ''}, but Service ${service.namespace}/${service.name} selects pods with ${strange}=${service.selector?.[strange] ?? ''} only, so no pod can belong to it`;
    return [{ object, path: `${path}.labels`, message }];
  }
  const found = endpointsOf(model, service, { labels });
  if (found.is !== 'none' || endpointLabels(model, service) === undefined) return [];
  // With 0 replicas there are no pods, but the labels are right.
  if (subsetWorkloads(model, service, labels).length > 0) return [];
  const inUse = used.has(`${name}/${host}`);
  const message = `no workload behind ${host} carries the labels of subset "${name}" (${formatLabels(labels)})${inUse ? ', although routes send requests there' : ''}; correct the labels, or deploy the version`;
  return [{ object, path: `${path}.labels`, message, ...(inUse ? {} : { level: 'advisory' as const }) }];
}
