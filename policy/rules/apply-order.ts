import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { isRouteType } from '../../mesh/manifests/route-set';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { DependencyGraph } from '../model/dependency-graph';
import { hostRules, type HostRule } from '../model/host-rules';
import { writtenRoutes } from '../model/routes';
import { subsetWorkloads } from '../model/workloads';
import { objectResources, resourceModel, type ObjectResource, type ResourceRule } from '../resource-rule';
import { examples, type Violation } from '../rule';

/** Judges only what the program creates: objects that exist already need no order. */
export const applyOrder: ResourceRule = {
  id: 'apply-order',
  level: 'mandatory',
  title:
    'Pulumi creates the control plane before Istio objects, workloads before their DestinationRule, and DestinationRules before routes',
  docs: {
    why: 'Pulumi creates resources that do not depend on each other at the same time. A route that is created before its subset answers 503 until the subset exists, and a custom resource without its definition fails the update.',
    ...examples(
      `
# new VirtualService('reviews', args)
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews, subset: v1 } }] }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: bookinfo }
spec: { host: reviews, subsets: [{ name: v1, labels: { version: v1 } }] }
`,
      ['args', 'args, { dependsOn: [destinationRule] }'],
    ),
    fix: 'Add `dependsOn`: VirtualService on DestinationRules, DestinationRule on Service and workloads, every Istio object on the istiod release. The components of Meshwright do so by themselves.',
  },
  check: (resources, { mesh }) => {
    const placed = objectResources(resources);
    const model = resourceModel(placed, mesh);
    const needs = [...ruleNeeds(model), ...routeNeeds(model)];
    const graph = new DependencyGraph(resources);
    const byObject = new Map(placed.map((resource) => [resource.object, resource]));
    const planes = resources.filter(({ chart }) => chart === 'istiod').map(({ urn }) => urn);
    const isOurs = resources.some(({ type }) => type.startsWith('meshwright:'));
    const found = [
      ...needs.flatMap((need) => unordered(graph, byObject, need)),
      ...placed.flatMap((resource) => beforeControlPlane(graph, planes, resource)),
    ];
    // Hand-written programs rarely state an order, and work once everything exists.
    return isOurs ? found : found.map((violation) => ({ ...violation, level: 'advisory' as const }));
  },
};

/** An object, and those that must exist before it. */
interface Need {
  source: MeshObject;
  earlier: MeshObject[];
  /** The consequence of another order. */
  consequence: string;
}

function routeNeeds(model: MeshModel): Need[] {
  const bySource = new Map<MeshObject, Set<MeshObject>>();
  for (const { source, destinations } of writtenRoutes(model)) {
    const needed = bySource.get(source) ?? new Set<MeshObject>();
    bySource.set(source, needed);
    for (const { host, subset } of destinations) {
      if (subset === undefined) continue;
      const rules = hostRules(model)
        .around(host)
        .filter(({ subsets }) => subsets.some(({ name }) => name === subset));
      for (const rule of rules) needed.add(rule.source);
    }
  }
  const consequence = 'requests fail with 503 until it exists';
  return [...bySource].map(([source, earlier]) => ({ source, earlier: [...earlier], consequence }));
}

function ruleNeeds(model: MeshModel): Need[] {
  return hostRules(model).all.map((rule) => ({
    source: rule.source,
    earlier: behind(model, rule),
    consequence: 'a subset may get requests before it has pods',
  }));
}

/** The Service of a rule and the workloads of its subsets. */
function behind(model: MeshModel, { host, subsets }: HostRule): MeshObject[] {
  const [service] = model.services.withHost(host);
  if (service === undefined) return [];
  const workloads = subsets.flatMap(({ labels }) =>
    subsetWorkloads(model, service, labels).map(({ source }) => source),
  );
  return [...new Set([service.source, ...workloads])];
}

function unordered(
  graph: DependencyGraph,
  byObject: ReadonlyMap<KubernetesObject, ObjectResource>,
  { source, earlier, consequence }: Need,
): Violation[] {
  const own = byObject.get(source.object);
  if (own === undefined) return [];
  const needed = earlier.flatMap(({ object }) => byObject.get(object) ?? []);
  // The provider of Routes orders the objects of one Route, and those of Routes in the same update.
  const urns = needed.filter(({ type }) => !(isRouteType(type) && isRouteType(own.type))).map(({ urn }) => urn);
  if (urns.every((urn) => urn === own.urn)) return [];
  const missing = new Set(graph.unreached(own.urn, urns));
  const names = earlier
    .filter(({ object }) => missing.has(byObject.get(object)?.urn ?? ''))
    .map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`)
    .sort();
  if (names.length === 0) return [];
  const message = `nothing makes Pulumi create ${names.join(', ')} before this ${source.kind}: ${consequence}. Add ${names.length === 1 ? 'it' : 'them'} to dependsOn`;
  return [{ object: source.object, path: '', message }];
}

function beforeControlPlane(
  graph: DependencyGraph,
  planes: readonly string[],
  { urn, object }: ObjectResource,
): Violation[] {
  if (!apiGroup(object.apiVersion).endsWith('.istio.io')) return [];
  if (planes.length === 0 || graph.unreached(urn, planes).length < planes.length) return [];
  const message =
    'nothing makes Pulumi install istiod before this object, whose definition and validation come with it. Add the release to dependsOn';
  return [{ object, path: '', message }];
}
