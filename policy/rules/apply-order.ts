import { pushTo } from '../../mesh/collections';
import { apiGroup, type KubernetesObject } from '../../mesh/manifests/kubernetes';
import { isRouteType } from '../../mesh/manifests/route-set';
import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import { type HostRule, hostRules } from '../model/host-rules';
import { writtenRoutes } from '../model/routes';
import { subsetWorkloads } from '../model/workloads';
import {
  examples,
  type ObjectResource,
  objectResources,
  type PulumiResource,
  resourceModel,
  type ResourceRule,
  type Violation,
} from '../rule';

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

/**
 * The order in which Pulumi creates resources. It follows from a resource's dependencies, from those of its parents,
 * and from the children of components that it depends on.
 */
class DependencyGraph {
  readonly #byUrn: ReadonlyMap<string, PulumiResource>;
  readonly #children = new Map<string, string[]>();

  constructor(resources: readonly PulumiResource[]) {
    this.#byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
    for (const { urn, parent } of resources) if (parent !== undefined) pushTo(this.#children, parent, urn);
  }

  /**
   * The `targets` that Pulumi need not create before `urn`. The objects of one resource, a route set, are written in
   * the right order.
   */
  unreached(urn: string, targets: readonly string[]): string[] {
    const missing = new Set(targets.filter((target) => target !== urn));
    const seen = new Set<string>();
    const waiting = this.#before(urn);
    for (let next = waiting.pop(); next !== undefined && missing.size > 0; next = waiting.pop()) {
      if (seen.has(next)) continue;
      seen.add(next);
      missing.delete(next);
      waiting.push(...this.#before(next), ...(this.#isComponent(next) ? (this.#children.get(next) ?? []) : []));
    }
    return [...missing];
  }

  /** Dependencies of a resource and of its parents, which it inherits. */
  #before(urn: string): string[] {
    const found: string[] = [];
    const ancestors = new Set<string>();
    for (let at: string | undefined = urn; at !== undefined && !ancestors.has(at); at = this.#byUrn.get(at)?.parent) {
      ancestors.add(at);
      found.push(...(this.#byUrn.get(at)?.dependencies ?? []));
    }
    return found;
  }

  /** Children of the stack or of Kubernetes resources are not part of them. */
  #isComponent(urn: string): boolean {
    const type = this.#byUrn.get(urn)?.type;
    return type !== undefined && type !== 'pulumi:pulumi:Stack' && !type.startsWith('kubernetes:');
  }
}
