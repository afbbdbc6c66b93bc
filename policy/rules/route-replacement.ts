import { apiGroup } from '../../mesh/manifests/kubernetes';
import { type ObjectResource, objectResources, type ResourceRule, type Violation } from '../rule';

const kinds = ['VirtualService', 'DestinationRule', 'Gateway'];

export const routeReplacement: ResourceRule = {
  id: 'route-replacement',
  level: 'mandatory',
  title: 'a VirtualService, DestinationRule or Gateway has its own name and is never deleted before it is replaced',
  docs: {
    why: 'While a routing object is deleted and not yet created again, its traffic falls back to all versions or is refused. With a name that Pulumi generates, the replacement and the old object exist at the same time for a while: two objects for one host, of which Istio uses one.',
    bad: `
# new k8s.apiextensions.CustomResource('reviews', args, { deleteBeforeReplace: true })
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews } }] }]
`,
    good: `
# new k8s.apiextensions.CustomResource('reviews', args)
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews } }] }]
`,
    fix: 'State `metadata.name`, and take `deleteBeforeReplace` away. A renamed Pulumi resource keeps its object with an alias.',
  },
  check: (resources) => objectResources(resources).flatMap(violations),
};

function violations({ object, nameGiven, options }: ObjectResource): Violation[] {
  if (apiGroup(object.apiVersion) !== 'networking.istio.io' || !kinds.includes(object.kind)) return [];
  const found: Violation[] = [];
  if (nameGiven === false) {
    found.push({
      object,
      path: 'metadata.name',
      message: `Pulumi generated this name, so a replacement and the old ${object.kind} would have the same host for a while. State metadata.name`,
    });
  }
  if (options?.deleteBeforeReplace === true) {
    found.push({
      object,
      path: '',
      message: `deleteBeforeReplace is true: a replacement would leave a gap without this ${object.kind}, in which its requests go elsewhere or fail. Take the option away`,
    });
  }
  return found;
}
