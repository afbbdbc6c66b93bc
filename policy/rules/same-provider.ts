import type { MeshModel, MeshObject } from '../../mesh/model/mesh-model';
import type { KubernetesObject } from '../../mesh/manifests/kubernetes';
import { isRouteType } from '../../mesh/manifests/route-set';
import { hostRules } from '../model/host-rules';
import { writtenRoutes } from '../model/routes';
import { examples, objectResources, resourceModel, type ResourceRule, type Violation } from '../rule';

/** The same objects in several clusters are fine, as long as each cluster has its own Service and DestinationRule. */
export const sameProvider: ResourceRule = {
  id: 'same-provider',
  level: 'mandatory',
  title: 'the VirtualService, DestinationRule and Service of a host go to one cluster',
  docs: {
    why: 'A Pulumi provider is a cluster. A route in one cluster to a subset that is defined in another finds nothing and answers 503.',
    ...examples(
      `
# new VirtualService('reviews', args, { provider: staging })
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews, subset: v1 } }] }]
---
# new DestinationRule('reviews', args, { provider: production })
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: reviews, namespace: bookinfo }
spec: { host: reviews, subsets: [{ name: v1, labels: { version: v1 } }] }
`,
      ['provider: staging', 'provider: production'],
    ),
    fix: 'Give the objects of a host the same provider, ideally by setting it on a common parent.',
  },
  check: (resources, { mesh }) => {
    const placed = objectResources(resources);
    // A Route has its own provider, which says nothing about its cluster.
    const known = placed.filter(({ type }) => !isRouteType(type));
    const providers = new Map(known.map(({ object, provider }) => [object, provider ?? '']));
    if (new Set(providers.values()).size < 2) return [];
    const model = resourceModel(placed, mesh);
    return [...uses(model)].flatMap(([source, hosts]) =>
      [...hosts].flatMap((host) => strayed(model, providers, source, host)),
    );
  },
};

/** The hosts that VirtualServices send requests to, and those of DestinationRules. */
function uses(model: MeshModel): Map<MeshObject, Set<string>> {
  const found = new Map<MeshObject, Set<string>>();
  const note = (source: MeshObject, host: string): void => {
    found.set(source, (found.get(source) ?? new Set()).add(host));
  };
  for (const { source, destinations } of writtenRoutes(model)) for (const { host } of destinations) note(source, host);
  for (const { source, host } of hostRules(model).all) note(source, host);
  return found;
}

function strayed(
  model: MeshModel,
  providers: ReadonlyMap<KubernetesObject, string>,
  source: MeshObject,
  host: string,
): Violation[] {
  const own = providers.get(source.object);
  if (own === undefined) return [];
  const services = model.services.withHost(host).map((service) => service.source);
  const rules =
    source.kind === 'VirtualService' ? (hostRules(model).byHost.get(host) ?? []).map((rule) => rule.source) : [];
  return [services, rules].flatMap((needed) => {
    const [first] = needed;
    if (first === undefined || needed.some(({ object }) => [own, undefined].includes(providers.get(object)))) return [];
    const other = `${first.kind} ${first.namespace}/${first.name}`;
    const message = `${other} of host ${host} goes to another Pulumi provider (${shortName(providers.get(first.object))}) than this ${source.kind} (${shortName(own)}), so to another cluster; give both the same provider`;
    return [{ object: source.object, path: '', message }];
  });
}

/** The provider's name, the fourth part of its URN. */
function shortName(provider: string | undefined): string {
  return provider === undefined || provider === '' ? 'the default one' : (provider.split('::')[3] ?? provider);
}
