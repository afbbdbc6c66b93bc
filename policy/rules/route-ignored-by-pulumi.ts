import { apiGroup } from '../../mesh/manifests/kubernetes';
import { isDeclared } from '../../mesh/model/externals';
import {
  type CheckOptions,
  examples,
  type ObjectResource,
  objectResources,
  type ResourceRule,
  type Violation,
} from '../rule';

/** Kinds that say where requests go, by API group. */
const routingKinds = new Map([
  ['networking.istio.io', ['VirtualService', 'DestinationRule', 'Gateway', 'ServiceEntry', 'Sidecar']],
  ['gateway.networking.k8s.io', ['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute']],
]);

export const routeIgnoredByPulumi: ResourceRule = {
  id: 'route-ignored-by-pulumi',
  level: 'mandatory',
  title: 'ignoreChanges hides no change of routing, unless a declared rollout controller owns it',
  docs: {
    why: 'With `ignoreChanges` on the spec of a route, a new weight in the stack file changes nothing: the preview is silent, the update succeeds, and the traffic stays where it was.',
    ...examples(
      `
# new k8s.apiextensions.CustomResource('reviews', args, { ignoreChanges: ['spec.http'] })
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: reviews, namespace: bookinfo }
spec:
  hosts: [reviews]
  http: [{ route: [{ destination: { host: reviews, subset: v1 } }] }]
`,
      ["args, { ignoreChanges: ['spec.http'] }", 'args'],
    ),
    fix: 'Take the path out of `ignoreChanges`. If Argo Rollouts or Flagger moves the weights, declare the object as `namespace/name` in the option `rolloutController`.',
  },
  check: (resources, options) => objectResources(resources).flatMap((resource) => violations(resource, options)),
};

function violations({ object, mesh, options: pulumi }: ObjectResource, options: CheckOptions): Violation[] {
  if (routingKinds.get(apiGroup(object.apiVersion))?.includes(object.kind) !== true) return [];
  if (isDeclared(options.rolloutController, mesh.namespace, mesh.name)) return [];
  const paths = (pulumi?.ignoreChanges ?? []).filter(touchesSpec);
  if (paths.length === 0) return [];
  const quoted = paths.map((path) => `"${path}"`).join(', ');
  const message = `ignoreChanges [${quoted}] hides changes of the routing from Pulumi: what the program says would not be deployed. Take ${paths.length === 1 ? 'it' : 'them'} out, or declare "${mesh.namespace}/${mesh.name}" in the option rolloutController if a rollout controller owns this object`;
  return [{ object, path: 'spec', message }];
}

/** Whether a property path is the spec, lies in it or holds it. */
function touchesSpec(path: string): boolean {
  return /^(\*|\[?"?spec\b)/.test(path.trim());
}
